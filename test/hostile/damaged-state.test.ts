import { Client } from 'pg';
import { expect, test, vi } from 'vitest';
import { deadLetterLines, deadLetterTable } from '../../src/entry/cli/dead-letter-text.ts';
import { endpointTable } from '../../src/entry/cli/endpoint-text.ts';
import { statusLines } from '../../src/entry/cli/status-text.ts';
import { isWalhookError, WalhookError } from '../../src/errors/walhook-error.ts';
import { readinessOf } from '../../src/http/readiness.ts';
import {
  chooseDeadLetters,
  listDeadLetters,
  showDeadLetter,
} from '../../src/operations/dead-letters.ts';
import { describeWholeDeadLetter } from '../../src/operations/described-dead-letter.ts';
import { doctor } from '../../src/operations/doctor/doctor.ts';
import { readEndpointReport } from '../../src/operations/endpoint-report.ts';
import { readMetrics } from '../../src/operations/metrics.ts';
import { pauseEndpoint, resumeEndpoint } from '../../src/operations/pause-endpoint.ts';
import { peek } from '../../src/operations/peek.ts';
import type { PipelineAccess } from '../../src/operations/pipeline.ts';
import { redriveDeadLetters } from '../../src/operations/redrive-dead-letters.ts';
import { findObstacle, listSkips } from '../../src/operations/skip-transaction.ts';
import { listRuns, readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { endpointSetup } from '../../src/runtime/endpoints.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import type { TestPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { createPipeline } from '../support/pipeline.ts';

/** What is tried in a column of each type, beside null. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'timestamp with time zone': [`'infinity'`, `'-infinity'`],
  pg_lsn: [`'0/0'`, `'FFFFFFFF/FFFFFFFF'`],
  bigint: ['-9223372036854775808', '9223372036854775807'],
  integer: ['-2147483648', '2147483647'],
  text: [`''`, `'{"events":[1]}'`],
  json: [
    `'null'`,
    `'"text"'`,
    `'[null]'`,
    `'{"columns":null,"relations":7,"name":{}}'`,
    `(repeat('[', 6000) || repeat(']', 6000))::json`,
  ],
  bytea: [String.raw`'\xff'`, `decode(repeat('ff', 5000000), 'hex')`],
  ARRAY: [`'{}'`, `'{-1,null}'`, `'{{1},{2}}'`, `'[5:6]={1,2}'`, `'{9223372036854775807}'`],
};

type Work = (access: PipelineAccess) => Promise<unknown>;
const now = (): number => Date.now();
const say = (): void => undefined;

/** Everything that reads the tables, short of a drain: each as its command shows it. */
const LOOKS = (pipeline: TestPipeline): Readonly<Record<string, Work>> => ({
  status: async (access) => {
    const status = await readStatus(access, now());
    return [JSON.stringify(status), statusLines(status, now(), 80)];
  },
  runs: async (access) => JSON.stringify(await listRuns(access, 10)),
  doctor: (access) =>
    doctor(
      {
        withPipeline: (look) => look(access),
        endpoints: [],
        reach: () => Promise.resolve(),
        now,
      },
      ({ found }) => {
        if (/bug|internal/i.test(found)) throw new Error(`doctor: ${found}`);
      },
    ),
  endpoints: async (access) => {
    const { endpoints } = await readEndpointReport(access, now());
    return [JSON.stringify(endpoints), endpointTable(endpoints, now())];
  },
  'dead-letters list': async (access) =>
    deadLetterTable((await listDeadLetters(access, {}, 10)).letters, now(), 80),
  'dead-letters show': async (access) => {
    const [first] = await chooseDeadLetters(access, {}, null);
    if (first === undefined) return;
    const letter = await showDeadLetter(access, first.id);
    return [deadLetterLines(letter, now()), JSON.stringify(describeWholeDeadLetter(letter))];
  },
  'skip, with nothing named': findObstacle,
  'skip --list': async (access) => JSON.stringify(await listSkips(access, 10)),
  peek: (access) => peek(access, { limit: 5, keys: new Map(), print: say }),
  '/metrics': (access) => readMetrics(access, now()),
  '/ready': (access) =>
    readinessOf({ clock: nodePlatform.clock, withPipelineSoon: (use) => use(access) })(),
  'dead-letters redrive': async (access) => {
    const { config } = pipeline;
    await redriveDeadLetters(
      {
        withPipeline: (use) => use(access),
        endpoints: config.endpoints.map((each) => endpointSetup(each, config, nodePlatform)),
        signal: new AbortController().signal,
        warn: say,
        asIs: true,
      },
      await chooseDeadLetters(access, {}, null),
      say,
    );
  },
  drain: async () => {
    const { error } = await pipeline.drain();
    if (error !== null) throw new WalhookError(error.code, error.message);
  },
  'endpoints pause': (access) => pauseEndpoint(access, 'parks', { reason: 'a test', parks: true }),
  'endpoints resume': (access) => resumeEndpoint(access, 'parks'),
});

type Ending = { readonly code: string; readonly message: string } | null;

async function endingOf(work: () => Promise<unknown>): Promise<Ending> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isWalhookError(error)) return error;
    return { code: 'thrown', message: (error as Error).stack ?? String(error) };
  }
}

/** What such a value is told as, where it may also be what walhook found before another server. */
const FOUND_OTHERWISE: Readonly<Record<string, string>> = {
  'pipelines.announced_lsn': 'slot_replaced cluster_changed',
  'pipelines.slot': 'slot_replaced',
  'pipelines.system_identifier': 'cluster_changed',
  'pipelines.timeline': 'cluster_changed',
  'pipelines.publication_oid': 'publication_replaced',
  'endpoints.commit_lsn': 'cluster_changed',
};

function isNamed(ending: Ending, table: string, column: string): boolean {
  if (ending === null || FOUND_OTHERWISE[`${table}.${column}`]?.includes(ending.code)) return true;
  if (ending.code !== 'state_damaged') return false;
  // A body that was cut off is found by its manifest.
  const named = column === 'body' ? 'manifest' : column;
  return ending.message.startsWith(`the state table ${table} is damaged: ${named} of the row `);
}

/** In statements as the driver got them. */
function tablesIn(calls: readonly (readonly unknown[])[]): ReadonlySet<string> {
  const texts = calls.map(([query]) =>
    typeof query === 'string' ? query : (query as { readonly text?: string }).text,
  );
  return new Set(
    texts.flatMap((text = '') =>
      [...text.matchAll(/"walhook"\."(\w+)"/g)].map(([, table]) => table!),
    ),
  );
}

/** A pipeline with a row in every table of its state, and events that wait in the slot. */
async function pipelineWithARowInEach() {
  const receiver = await startReceiver(() => 503);
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'parks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 1, resetMs: 3_600_000 },
          onUnavailable: 'park',
          parkAfterMs: 0,
        },
      ],
      alerts: [{ type: 'webhook', url: `${receiver.url}alerts` }],
    },
    `create type mood as enum ('sad', 'happy'); create type pair as (a int, b mood);
     create table t (id int primary key, m mood, p pair)`,
  );
  const { database } = pipeline;
  const insert = (id: number) =>
    database.query(`insert into t values (${id}, 'sad', (1, 'happy'))`);
  await insert(1);
  // The first one finds out that it is down, the second parks.
  await pipeline.drain();
  await insert(2);
  await pipeline.drain();
  await pipeline.forgetFailures();
  receiver.answerWith(() => 204);
  const name = `(select pipeline from walhook.pipelines)`;
  await database.query(
    `insert into walhook.dead_letters (pipeline, endpoint, commit_lsn, seq, event_id, schema,
       "table", operation, key, body, content_type, headers, reason, detail, attempts,
       last_attempt_at, answer_status, answer_body)
     values (${name}, 'parks', '0/1', 0, '0000000000000001-00000000', 'public', 't', 'insert',
       '{"id":1}', '{"op":"insert","after":{"id":1}}', 'application/json', '{}', 'rejected',
       'HTTP 422', 1, now(), 422, 'no');
     insert into walhook.skips (pipeline, commit_lsn, from_lsn, begin_lsn, xid, tables, error,
       reason, requested_by, requested_at)
     values (${name}, '0/2', '0/1', '0/1', 7, '["public.t"]', 'unreadable', 'a test', 'me', now());
     insert into walhook.incidents (pipeline, rule, subject, opened_at, last_seen_at, detail)
     values (${name}, 'dead_letters', 'parks', now(), now(), 'one')
     on conflict do nothing`,
  );
  let id = 2;
  return { pipeline, insert: () => insert((id += 1)) };
}

const TABLES = [
  'catalog_records',
  'dead_letters',
  'endpoints',
  'incidents',
  'migrations',
  'parked_batches',
  'pipelines',
  'runs',
  'skips',
];

test.each(TABLES)(
  'a damaged value of any column of %s is named, or hinders nothing',
  async (swept) => {
    const { pipeline, insert } = await pipelineWithARowInEach();
    const { database, config } = pipeline;
    const columns = await database.query<{ table: string; column: string; type: string }>(
      `select table_name as table, column_name as column, data_type as type
     from information_schema.columns where table_schema = 'walhook' order by 1, 2`,
    );
    const tables = [...new Set(columns.map(({ table }) => table))];
    expect(tables).toEqual(TABLES);
    const namesOf = (table: string): string =>
      columns
        .filter((each) => each.table === table)
        .map(({ column }) => `"${column}"`)
        .join(', ');
    for (const table of tables) {
      await database.query(`create table kept_${table} as table walhook.${table}`);
      const kept = await database.query(`select 1 from kept_${table}`);
      expect({ table, isEmpty: kept.length === 0 }).toEqual({ table, isEmpty: false });
    }
    const restore = [
      'set session_replication_role = replica',
      ...tables.map((table) => `delete from walhook.${table}`),
      ...tables.map(
        (table) => `insert into walhook.${table} (${namesOf(table)})
       overriding system value select ${namesOf(table)} from kept_${table}`,
      ),
      // The slot has moved on.
      `update walhook.pipelines set announced_lsn =
       (select confirmed_flush_lsn from pg_replication_slots where slot_name = '${config.slot}')`,
      'set session_replication_role = origin',
    ].join(';');
    const looks = Object.entries(LOOKS(pipeline));
    const sent = vi.spyOn(Client.prototype, 'query');
    /** Which tables each of them reads or writes: damage elsewhere is nothing to it. */
    const tablesOf = new Map<string, ReadonlySet<string>>();
    await insert();
    for (const [what, look] of looks) {
      sent.mockClear();
      const ending = await withPipeline(config, nodePlatform, (access) =>
        endingOf(() => look(access)),
      );
      expect({ what, ending }).toEqual({ what, ending: null });
      tablesOf.set(what, tablesIn(sent.mock.calls));
    }
    sent.mockRestore();
    let tried = 0;
    const wrong: string[] = [];
    for (const { table, column, type } of columns.filter((each) => each.table === swept)) {
      for (const value of ['null', ...(VALUES[type] ?? [])]) {
        await database.query(restore);
        const text = `update walhook.${table} set "${column}" = ${value}`;
        // What the tables themselves refuse damages nothing.
        const rows = await database.query(`${text} returning 1`).catch(() => []);
        if (rows.length === 0) continue;
        tried += 1;
        await insert();
        await withPipeline(config, nodePlatform, async (access) => {
          for (const [what, look] of looks) {
            if (!tablesOf.get(what)!.has(table)) continue;
            const ending = await endingOf(() => look(access));
            if (isNamed(ending, table, column)) continue;
            wrong.push(`${what}, ${text.slice(0, 100)}: ${ending!.code}: ${ending!.message}`);
          }
        });
      }
    }
    expect(tried).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  },
  280_000,
);
