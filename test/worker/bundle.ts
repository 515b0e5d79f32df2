import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type WorkerBundle = {
  /** One ES module. */
  readonly text: string;
  /** Every file that went in, by its path from the root. */
  readonly inputs: readonly string[];
};

/**
 * Bundles `entry` as wrangler does under nodejs_compat: for the conditions of workerd, with Node's
 * modules left to the runtime. `walhook` is this checkout, by what package.json exports.
 */
export async function bundleWorker(
  entry: { readonly file: string } | { readonly source: string },
): Promise<WorkerBundle> {
  const input =
    'file' in entry
      ? { entryPoints: [join(root, entry.file)] }
      : { stdin: { contents: entry.source, resolveDir: root, loader: 'ts' as const } };
  const { outputFiles, metafile } = await build({
    ...input,
    bundle: true,
    write: false,
    outfile: 'worker.js',
    metafile: true,
    absWorkingDir: root,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [nodeModules],
    logLevel: 'silent',
  });
  return { text: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

const names = builtinModules.filter((name) => !name.startsWith('_'));

const nodeModules: Plugin = {
  name: 'nodejs_compat',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(node:)?(${names.join('|')})$`) }, ({ path, kind }) => {
      const name = path.startsWith('node:') ? path : `node:${path}`;
      // An ES module has no require: what calls it gets a module that imports.
      if (kind === 'require-call') return { path: name, namespace: 'required' };
      return { path: name, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `import it from '${path}'; module.exports = it;`,
      loader: 'js',
    }));
  },
};
