// Copies the migrations in drizzle/ into the code, for places that have no file system.
// With --check it writes nothing, and fails where the copy is out of date.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const target = new URL('src/state/migrations.generated.ts', root);

const embedded = render(await readMigrations());

if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== embedded) {
    console.error(
      `${fileURLToPath(target)} differs from drizzle/: run scripts/embed-migrations.mjs`,
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(target, embedded);
}

async function readMigrations() {
  const journal = JSON.parse(await readFile(new URL('drizzle/meta/_journal.json', root), 'utf8'));
  return Promise.all(
    journal.entries.map(async ({ tag }) => {
      const text = await readFile(new URL(`drizzle/${tag}.sql`, root), 'utf8');
      return { name: tag, statements: text.split('--> statement-breakpoint').flatMap(statement) };
    }),
  );
}

// `create schema` stays behind: an administrator may have made the schema for a role that may not,
// so migrate() makes it only where it is missing.
function statement(text) {
  const trimmed = text.trim();
  return trimmed === '' || /^create schema /i.test(trimmed) ? [] : [trimmed];
}

function render(migrations) {
  const entries = migrations.map(({ name, statements }) => {
    const literals = statements.map((each) => `      ${templateLiteral(each)},\n`).join('');
    return `  {\n    name: '${name}',\n    statements: [\n${literals}    ],\n  },\n`;
  });
  return `// Written by scripts/embed-migrations.mjs from drizzle/. Do not edit.

export type Migration = { readonly name: string; readonly statements: readonly string[] };

export const MIGRATIONS: readonly Migration[] = [
${entries.join('')}];
`;
}

function templateLiteral(text) {
  return `\`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``;
}
