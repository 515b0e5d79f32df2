// Writes docs/configuration.md and config.schema.json from the schema. With --check it only says
// whether they are up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { createJiti } from 'jiti';
import { format, resolveConfig } from 'prettier';

const target = new URL('../docs/configuration.md', import.meta.url);
const jiti = createJiti(import.meta.url, { fsCache: false });
const { findOption, formatPath, listOptions } = await jiti.import('../src/config/option-tree.ts');
const { commandVariables, pathVariables, shortVariables } = await jiti.import(
  '../src/config/environment-variables.ts',
);

const page = await format(render(), {
  ...(await resolveConfig(target)),
  parser: 'markdown',
});

if (!process.argv.includes('--check')) {
  await writeFile(target, page);
} else if ((await readFile(target, 'utf8')) !== page) {
  console.error(
    'docs/configuration.md is not what the schema says: node scripts/generate-config-docs.mjs',
  );
  process.exitCode = 1;
}

await import('./generate-config-schema.mjs');

function render() {
  return `# Configuration

<!-- Written by scripts/generate-config-docs.mjs from the schema. Change it there. -->

A pipeline is configured by a file, by the environment, or by both. What is wrong is reported all
at once, each problem with its place or its variable, what it got (secrets masked) and what it
wants; the command then ends with exit code 2. An option that does not exist is an error, too.

## File

\`walhook.config.ts\`, \`.js\`, \`.mjs\`, \`.json\`, \`.yaml\` or \`.yml\` in the working directory, or
another one by \`--config FILE\` or \`WALHOOK_CONFIG\`.

\`\`\`ts
import { defineConfig, env } from 'walhook';

export default defineConfig({
  database: { url: env('DATABASE_URL') },
  endpoints: [
    {
      name: 'orders',
      type: 'http',
      url: 'https://example.com/hooks',
      auth: { type: 'bearer', token: env('ORDERS_TOKEN') },
      signing: { secrets: [env('ORDERS_SECRET')] },
    },
  ],
});
\`\`\`

The same in YAML; every string may hold \`\${NAME}\`, and \`$\${NAME}\` stands for the text \`\${NAME}\`:

\`\`\`yaml
database:
  url: \${DATABASE_URL}
endpoints:
  - name: orders
    type: http
    url: https://example.com/hooks
    auth: { type: bearer, token: '\${ORDERS_TOKEN}' }
    signing: { secrets: ['\${ORDERS_SECRET}'] }
\`\`\`

An editor completes and explains the options by the schema that comes with the package. In YAML:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/walhook/config.schema.json
endpoints:
  - { name: orders, type: http, url: https://example.com/hooks }
\`\`\`

In JSON \`"$schema": "./node_modules/walhook/config.schema.json"\` says the same.

\`env('NAME')\` and \`\${NAME}\` are filled in when the file is loaded. A variable that is not set, or
empty, is a problem; all of them are named together. Keep secrets out of the file this way.

Durations are milliseconds and sizes bytes, as the names say.

${sections()}

## Environment

One endpoint needs no file:

${table(
  ['Variable', 'Stands for'],
  shortVariables.map(({ name, means }) => [code(name), means]),
)}

The \`EVENT_SINK\`, \`HTTP_…\` and \`WALHOOK_SIGNING_SECRET\` variables make that one endpoint, named
after its type. Where a file has endpoints they are not used, and a warning says so.
The \`EMAIL_…\` variables make one [alert](alerts.md) of type email in the same way, where one of
\`EMAIL_SMTP_…\` is set and the file has no alerts.

Every option has a variable of its own besides, \`WALHOOK_\` and its path, \`<n>\` counting endpoints
or alerts from 0. Lists are separated by commas, maps are JSON. These come before the short names and before
the file, and an option of the command line (\`--endpoint-url\`, \`--deadline\`, \`--max-changes\`)
before all of them. \`DATABASE_URL\` alone gives way to a file that names a database:
other programs read it, too. An empty variable counts as not set. A \`WALHOOK_\` variable that names
nothing is an error.

${table(
  ['Variable', 'Option'],
  pathVariables
    .filter(({ option }) => option.node.kind !== 'function')
    .map(({ name, option }) => [code(name), code(formatPath(option.path))]),
)}

Options of the commands take these names, and are no part of the configuration:
${commandVariables.map(code).join(', ')}.
`;
}

function sections() {
  const groups = [
    [
      'Pipeline',
      (path) => !['drain', 'endpoints', 'alerts', 'alertRules', 'http', 'serve'].includes(path[0]),
    ],
    ['Drain', (path) => path[0] === 'drain'],
    ['Endpoints', (path) => path[0] === 'endpoints'],
    ['Alerts', (path) => ['alerts', 'alertRules'].includes(path[0])],
    ['HTTP', (path) => ['http', 'serve'].includes(path[0])],
  ];
  return groups
    .map(([title, belongs]) => {
      const options = listOptions().filter(({ path }) => belongs(path));
      const rows = options.map(({ path, node }) => [
        code(formatPath(path)),
        node.note.what + only(path),
        node.note.wants,
        defaultOf(path, node),
      ]);
      return `## ${title}\n\n${table(['Option', 'What it does', 'Value', 'Default'], rows)}`;
    })
    .join('\n\n');
}

/** Names the variants that have an option, where others have not. */
function only(path) {
  const restricted = prefixes(path)
    .slice(1)
    .filter((prefix) => {
      const { variants } = findOption(prefix);
      return (
        variants && variants.length < findOption([...prefix.slice(0, -1), 'type']).choices.length
      );
    });
  const words = restricted.map((prefix) => findOption(prefix).variants.join(', '));
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function defaultOf(path, { required, fallback }) {
  if (!required) return fallback === undefined ? 'none' : code(JSON.stringify(fallback));
  const optional = prefixes(path).find((prefix) => !findOption(prefix).required);
  return optional === undefined ? 'required' : `required in ${code(optional.at(-1))}`;
}

function prefixes(path) {
  return path.map((_, index) => path.slice(0, index + 1));
}

function table(head, rows) {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text) {
  return `\`${text}\``;
}
