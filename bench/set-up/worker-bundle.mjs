import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('../../dist/entry/worker.js', import.meta.url));
const names = builtinModules.filter((name) => !name.startsWith('_')).join('|');

/** As wrangler bundles under nodejs_compat: Node's modules are left to the runtime. */
export async function bundleWorker(outfile) {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [nodeModules],
    logLevel: 'error',
  });
}

const nodeModules = {
  name: 'nodejs_compat',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(node:)?(${names})$`) }, ({ path, kind }) => {
      const name = path.startsWith('node:') ? path : `node:${path}`;
      // An ES module has no require: what calls it gets a module that imports.
      if (kind === 'require-call') return { path: name, namespace: 'required' };
      return { path: name, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `import it from '${path}'; module.exports = it;`,
    }));
  },
};
