// Writes config.schema.json, for completion in YAML and JSON, from the schema. With --check it only
// says whether it is up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { createJiti } from 'jiti';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

/** What fills a value in when the file is loaded. */
const REFERENCE = { type: 'string', pattern: String.raw`\$\{[A-Za-z_][A-Za-z0-9_]*\}` };

const VALUES = new Set(['string', 'number', 'integer', 'boolean']);

const target = new URL('../config.schema.json', import.meta.url);
const jiti = createJiti(import.meta.url, { fsCache: false });
const { walhookSchema } = await jiti.import('../src/config/schema.ts');
const { optionNotes } = await jiti.import('../src/config/option-notes.ts');

const schema = z.toJSONSchema(walhookSchema, {
  io: 'input',
  target: 'draft-07',
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }) => describe(jsonSchema, optionNotes.get(zodSchema)),
});
schema.title = 'walhook configuration';
schema.properties = { $schema: { type: 'string' }, ...schema.properties };
const text = await format(JSON.stringify(schema), {
  ...(await resolveConfig(target)),
  parser: 'json',
});

if (!process.argv.includes('--check')) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
  console.error(
    'config.schema.json is not what the schema says: node scripts/generate-config-schema.mjs',
  );
  process.exitCode = 1;
}

/** Changes `jsonSchema` to what a file may hold. */
function describe(jsonSchema, note) {
  if (note !== undefined) jsonSchema.description = `${note.what} Wants: ${note.wants}.`;
  if (jsonSchema.properties !== undefined) describeGroup(jsonSchema);
  // Code, which neither YAML nor JSON can hold.
  if (note?.holds === 'function') jsonSchema.not = {};
  if (note?.holds === 'conditions') jsonSchema.type = 'object';
  const isText = jsonSchema.type === 'string' && jsonSchema.enum === undefined;
  if (VALUES.has(jsonSchema.type) && !isText) allowReference(jsonSchema);
}

/** The environment may bring what a file leaves out; which variant a group is, it has to say. */
function describeGroup(jsonSchema) {
  const isVariant = jsonSchema.properties.type?.const !== undefined;
  if (isVariant) jsonSchema.required = ['type'];
  else delete jsonSchema.required;
}

function allowReference(jsonSchema) {
  if (jsonSchema.const !== undefined) return;
  const value = {};
  for (const name of Object.keys(jsonSchema)) {
    if (name === 'description' || name === 'default') continue;
    value[name] = jsonSchema[name];
    delete jsonSchema[name];
  }
  jsonSchema.anyOf = [value, REFERENCE];
}
