import type { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { Assembler } from '../../src/changes/assembler.ts';
import { builtinTypeCatalog } from '../../src/changes/builtin-types.ts';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { type RelationCatalog, RelationCache } from '../../src/changes/relation-cache.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { PgoutputDecoder, type ProtocolVersion } from '../../src/pgoutput/decoder.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { createTestDatabase, serverMajorVersion, type TestDatabase } from '../support/database.ts';

const catalog: RelationCatalog = {
  lookUp: (oid) => builtinTypeCatalog.lookUp(oid),
  loadTypes: () => Promise.resolve(),
  primaryKey: () => Promise.resolve([]),
};

let database: TestDatabase;
/** Reads with little memory, so that the server streams what is large. */
let reader: Client;

type Read = { readonly events: readonly string[]; readonly kinds: ReadonlySet<string> };

/** The events of a peek as JSON text, and which messages they came in. */
async function read(
  slot: string,
  protocolVersion: ProtocolVersion,
  options: Readonly<Record<string, string>> = {},
): Promise<Read> {
  const decoder = new PgoutputDecoder({ protocolVersion });
  const relations = new RelationCache(catalog);
  const format = walhookFormat(catalog, {
    values: { int8: 'number', numeric: 'string' },
    columns: null,
  });
  const events: string[] = [];
  const kinds = new Set<string>();
  const assembler = new Assembler(relations, {
    event(event) {
      if (event.op === 'oversized') throw new Error('nothing here is oversized');
      const out = new JsonWriter();
      format.write(event, out);
      events.push(out.text());
    },
    completeThrough: () => undefined,
  });
  const all = {
    proto_version: String(protocolVersion),
    publication_names: 'p',
    messages: 'true',
    ...options,
  };
  const { rows } = await reader.query<{ lsn: string; data: Buffer }>(
    `select lsn::text, data from pg_logical_slot_peek_binary_changes($1, null, null, variadic $2)`,
    [slot, Object.entries(all).flat()],
  );
  for (const { lsn, data } of rows) {
    const message = decoder.decode(data);
    kinds.add(message.kind);
    if (message.kind === 'relation') await relations.prepare(message);
    const at = parseLsn(lsn);
    assembler.accept(message, Number(at >> 32n), Number(at & 0xffffffffn));
  }
  return { events, kinds };
}

const notes = (events: readonly string[]) =>
  new Set(
    events.map((event) => (JSON.parse(event) as { after: { note: string } | null }).after?.note),
  );

/** Large enough to be streamed: more than logical_decoding_work_mem. */
const fill = (note: string, from: number) =>
  `insert into t select n, '${note}' from generate_series(${from}, ${from} + 1499) n`;

async function createSlots(): Promise<void> {
  const { name } = database;
  await database.query(`select pg_create_logical_replication_slot('${name}', 'pgoutput')`);
  await database.query(
    `select pg_create_logical_replication_slot('${name}_two_phase', 'pgoutput', false, true)`,
  );
}

async function writeTraffic(): Promise<void> {
  const { name } = database;
  const large = await database.client();
  await large.query(`begin; ${fill('kept', 1)}`);
  await large.query(`savepoint a; ${fill('taken back', 2_001)}; rollback to a`);
  await database.query(`insert into t values (0, 'meanwhile')`);
  await large.query(`savepoint b; ${fill('kept in a savepoint', 4_001)}; release b`);
  await large.query(`
    savepoint c; alter table t add extra int default 7; ${fill('taken back with its column', 6_001)};
    rollback to c`);
  await large.query(`
    alter table t add late text default 'late'; ${fill('kept with its column', 8_001)};
    update t set note = 'updated' where id <= 10; delete from t where id between 11 and 15;
    select pg_logical_emit_message(true, 'in', 'side'), pg_logical_emit_message(false, 'at', 'once')`);
  const aborted = await database.client();
  await aborted.query(`begin; insert into u select n from generate_series(1, 3000) n; rollback`);
  await large.query('commit');
  await database.query(
    `begin; insert into u select n from generate_series(1, 3000) n; truncate u; commit`,
  );
  const prepared = [
    ['small kept', 'commit', 10_000, 1],
    ['small dropped', 'rollback', 20_000, 1],
    ['large kept', 'commit', 30_000, 3_000],
    ['large dropped', 'rollback', 40_000, 3_000],
  ] as const;
  for (const [gid, end, from, count] of prepared) {
    await database.query(`
      begin; insert into u select ${from} + n from generate_series(1, ${count}) n;
      prepare transaction '${name} ${gid}'`);
    await database.query(`insert into t values (${from}, 'before the ${end}')`);
    await database.query(`${end} prepared '${name} ${gid}'`);
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    create table t (id int primary key, note text); create table u (id int primary key);
    create publication p for all tables`);
  await createSlots();
  await writeTraffic();
  reader = await database.client();
  await reader.query(`set logical_decoding_work_mem = '64kB'; set bytea_output = 'hex'`);
});

test('without streaming, only what was committed comes', async () => {
  const { events, kinds } = await read(database.name, 1);
  expect(kinds).not.toContain('stream-start');
  expect(events.length).toBeGreaterThan(7_500);
  expect(notes(events)).toEqual(
    new Set([
      'kept',
      'meanwhile',
      'kept in a savepoint',
      'kept with its column',
      'updated',
      'before the commit',
      'before the rollback',
      undefined,
    ]),
  );
});

describe('the same events come', () => {
  const ways = [
    [2, 'on', 14],
    [4, 'on', 16],
    [4, 'parallel', 16],
  ] as const;
  for (const [protocolVersion, streaming, since] of ways) {
    test.skipIf(serverMajorVersion < since)(
      `of transactions streamed by protocol ${protocolVersion} with streaming ${streaming}`,
      async () => {
        const streamed = await read(database.name, protocolVersion, { streaming });
        expect([...streamed.kinds]).toEqual(
          expect.arrayContaining(['stream-start', 'stream-stop', 'stream-abort', 'stream-commit']),
        );
        expect(streamed.events).toEqual((await read(database.name, 1)).events);
      },
    );
  }

  test.skipIf(serverMajorVersion < 15)('of prepared transactions, at their commit', async () => {
    const prepared = await read(`${database.name}_two_phase`, 3);
    expect([...prepared.kinds]).toEqual(
      expect.arrayContaining(['begin-prepare', 'prepare', 'commit-prepared', 'rollback-prepared']),
    );
    expect(prepared.events).toEqual((await read(database.name, 1)).events);
  });

  test.skipIf(serverMajorVersion < 15)('of prepared transactions that are streamed', async () => {
    const prepared = await read(`${database.name}_two_phase`, 3, { streaming: 'on' });
    expect([...prepared.kinds]).toEqual(
      expect.arrayContaining(['stream-prepare', 'commit-prepared', 'rollback-prepared']),
    );
    expect(prepared.events).toEqual((await read(database.name, 1)).events);
  });
});
