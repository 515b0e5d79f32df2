import { expect, test } from 'vitest';
import { isWalhookError } from '../../src/errors/walhook-error.ts';
import { readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { pipelineWithEverything } from '../state/pipeline-with-everything.ts';

/** What is tried in a column of each type, beside null. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'timestamp with time zone': [`'infinity'`, `'-infinity'`],
  pg_lsn: [`'0/0'`, `'FFFFFFFF/FFFFFFFF'`],
  bigint: ['-9223372036854775808', '9223372036854775807'],
  integer: ['-2147483648', '2147483647'],
  text: [`''`, `'{"events":[1]}'`],
  json: [`'null'`, `'"text"'`],
  bytea: [String.raw`'\xff'`, `decode(repeat('ff', 5000000), 'hex')`],
  ARRAY: [`'{}'`, `'{-1,null}'`],
};

async function codeOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return isWalhookError(error) ? error.code : `thrown ${String(error)}`;
  }
}

test('a damaged value of any column is named, or hinders nothing: it is never called a bug', async () => {
  const { receiver, pipeline } = await pipelineWithEverything();
  const { database, config } = pipeline;
  receiver.answerWith(() => 204);
  const columns = await database.query<{ table: string; column: string; type: string }>(
    `select table_name as table, column_name as column, data_type as type
     from information_schema.columns where table_schema = 'walhook' order by 1, 2`,
  );
  const tables = [...new Set(columns.map(({ table }) => table))];
  const namesOf = (table: string): string =>
    columns
      .filter((each) => each.table === table)
      .map(({ column }) => `"${column}"`)
      .join(', ');
  for (const table of tables) {
    await database.query(`create table kept_${table} as table walhook.${table}`);
  }
  const restore = tables.map(
    (table) =>
      `delete from walhook.${table}; insert into walhook.${table} (${namesOf(table)})
     overriding system value select ${namesOf(table)} from kept_${table}`,
  );
  const endings: string[] = [];
  for (const { table, column, type } of columns) {
    for (const value of ['null', ...(VALUES[type] ?? [])]) {
      const text = `update walhook.${table} set "${column}" = ${value}`;
      // What the tables themselves refuse, and what is in no row, damages nothing.
      const rows = await database.query(`${text} returning 1`).catch(() => []);
      if (rows.length === 0) continue;
      const { error } = await pipeline.drain();
      const status = await codeOf(() =>
        withPipeline(config, nodePlatform, (access) => readStatus(access, Date.now())),
      );
      for (const code of [error?.code, status]) endings.push(`${text.slice(0, 80)}: ${code}`);
      await database.query(
        `set session_replication_role = replica; ${restore.join(';')}; set session_replication_role = origin`,
      );
    }
  }
  expect(endings.length).toBeGreaterThan(100);
  expect(endings.filter((ending) => /: (internal|thrown)/.test(ending))).toEqual([]);
}, 170_000);
