import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createPipeline, type PipelineOptions, type TestPipeline } from '../support/pipeline.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

const ROWS = 6;
const TABLE =
  'create table t (id int primary key, email text not null unique, n numeric(9, 2) unique, status int)';
const INSERT = `insert into t select i, 'x' || i, i, 0 from generate_series(1, ${ROWS}) i`;
const MAKE_ANOTHER = 'create table t (id int, email text primary key, n numeric, status int)';
const DROP_ALL = `drop table if exists t, u, w, gone, renamed; drop schema if exists s cascade`;

let receiver: Receiver;
let pipeline: TestPipeline;

beforeAll(async () => {
  receiver = await startReceiver();
  pipeline = await createPipeline({ endpoints: [endpoint(receiver)] });
});

beforeEach(async () => {
  await pipeline.database.query(`${DROP_ALL}; ${TABLE}`);
  await pipeline.forgetFailures();
});

/** One event a request, in as many lanes as there are rows: what may pass another request does. */
function endpoint({ url }: Receiver, options: Partial<HttpEndpoint> = {}): HttpEndpoint {
  return {
    name: 'hooks',
    type: 'http',
    url,
    concurrency: 4,
    batch: { maxEvents: 1 },
    retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
    circuitBreaker: { failures: 1, resetMs: 3_600_000 },
    parkAfterMs: 0,
    ...options,
  };
}

const idOf = ({ after, before }: ReceivedEvent): number =>
  Number(((after ?? before) as Record<string, unknown>)['id']);
const statusOf = ({ after }: ReceivedEvent): unknown =>
  (after as Record<string, unknown> | null)?.['status'];

/** As long as a drainer takes for some look-ups in the tables, and what it sends meanwhile. */
async function roundTrips(): Promise<void> {
  for (let nth = 0; nth < 60; nth++) await pipeline.database.query('select 1');
}

/**
 * A copy of the table by `id`, where a request counts when it is answered. That of row 1 with this
 * status is answered only after all that may pass it has come.
 */
function keepCopy(heldStatus: number): Copy {
  const copy: Copy = { rows: new Map(), isHeld: false };
  receiver.answerWith(async ({ events: [event] }) => {
    if (idOf(event!) === 1 && statusOf(event!) === heldStatus && !copy.isHeld) {
      copy.isHeld = true;
      await roundTrips();
    }
    if (event!['op'] === 'delete') copy.rows.delete(idOf(event!));
    else copy.rows.set(idOf(event!), statusOf(event!));
    return 204;
  });
  return copy;
}

type Copy = { readonly rows: Map<number, unknown>; isHeld: boolean };

const rowsWith = (status: number): Map<number, unknown> =>
  new Map(Array.from({ length: ROWS }, (_, i) => [i + 1, status]));

async function update(table: string, status: number): Promise<void> {
  await pipeline.database.query(`update ${table} set status = ${status}`);
}

/** What redefines the rows' key, and the table's name from then on. */
const REDEFINED: readonly (readonly [string, string, string])[] = [
  ['another replica identity', 'alter table t replica identity using index t_email_key', 't'],
  [
    'another primary key',
    'alter table t drop constraint t_pkey; alter table t add primary key (email)',
    't',
  ],
  [
    'a primary key of one more column',
    'alter table t drop constraint t_pkey; alter table t add primary key (id, email)',
    't',
  ],
  ['a key whose type writes it in another way', 'alter table t alter id type numeric(9, 2)', 't'],
  ['another name', 'alter table t rename to renamed', 'renamed'],
  ['another schema', 'create schema s; alter table t set schema s', 's.t'],
  [
    'no key any more, and another column in its place',
    'alter table t replica identity nothing; alter table t drop constraint t_pkey; alter table t replica identity full',
    't',
  ],
  [
    'the name of a table that was moved away',
    `alter table t rename to gone; ${MAKE_ANOTHER};
     insert into t select id, email, n, 1 from gone`,
    't',
  ],
];

test.each(REDEFINED)('rows that get %s keep their order', async (_what, redefine, table) => {
  const copy = keepCopy(1);
  await pipeline.database.query(INSERT);
  await update('t', 1);
  await pipeline.database.query(redefine);
  await update(table, 2);
  await update(table, 3);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(copy.isHeld).toBe(true);
  expect(copy.rows).toEqual(rowsWith(3));
});

test.each(REDEFINED)(
  'rows that get %s while what was before is parked keep their order',
  async (_what, redefine, table) => {
    receiver.answerWith(() => 503);
    await pipeline.database.query(INSERT);
    await update('t', 1);
    expect((await pipeline.drain()).endpoints[0]).toMatchObject({ state: 'parking' });
    await pipeline.database.query(redefine);
    await update(table, 2);
    // Another process parks these: it has not seen the table as it was.
    expect((await pipeline.drain()).endpoints[0]).toMatchObject({ state: 'parking' });
    const copy = keepCopy(1);
    await pipeline.forgetFailures();
    await update(table, 3);
    expect((await pipeline.drain()).status).toBe('caught_up');
    expect(copy.isHeld).toBe(true);
    expect(copy.rows).toEqual(rowsWith(3));
  },
);

test('what is sent as it comes goes behind what was parked under another key', async () => {
  receiver.answerWith(() => 503);
  await pipeline.database.query(INSERT);
  await update('t', 1);
  await pipeline.drain();
  await pipeline.database.query('alter table t replica identity using index t_email_key');
  const copy = keepCopy(1);
  await pipeline.forgetFailures();
  await update('t', 2);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(copy.isHeld).toBe(true);
  expect(copy.rows).toEqual(rowsWith(2));
});

test('a key that the configuration names anew passes what was parked under the last one', async () => {
  receiver.answerWith(() => 503);
  await pipeline.database.query(INSERT);
  await update('t', 1);
  await pipeline.drain();
  const renamed = await pipeline.configured({ keys: { 'public.t': ['email'] } });
  const copy = keepCopy(1);
  await pipeline.forgetFailures();
  await update('t', 2);
  expect((await renamed.drain()).status).toBe('caught_up');
  expect(copy.isHeld).toBe(true);
  expect(copy.rows).toEqual(rowsWith(2));
});

test('a row whose numeric key comes back written in another way keeps its order', async () => {
  await pipeline.database.query('create table u (k numeric primary key, id int, status int)');
  const copy = keepCopy(1);
  await pipeline.database.query('insert into u values (1, 1, 0)');
  await update('u', 1);
  await pipeline.database.query('delete from u');
  await pipeline.database.query('insert into u values (1.00, 1, 2)');
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(copy.isHeld).toBe(true);
  expect(copy.rows.get(1)).toBe(2);
});

test('two tables that swap their names keep the order of the rows under either name', async () => {
  await pipeline.database.query(
    'create table u (email text primary key, id int, n int, status int)',
  );
  const rows = new Map<string, unknown>();
  let isHeld = false;
  receiver.answerWith(async ({ events: [event] }) => {
    if (event!['table'] === 't' && idOf(event!) === 1 && statusOf(event!) === 1) {
      isHeld = true;
      await roundTrips();
    }
    rows.set(`${String(event!['table'])} ${String(idOf(event!))}`, statusOf(event!));
  });
  await pipeline.database.query(INSERT);
  await pipeline.database.query(`insert into u values ('x1', 1, 1, 0)`);
  await update('t', 1);
  await pipeline.database.query(
    'alter table t rename to w; alter table u rename to t; alter table w rename to u',
  );
  await update('t', 2);
  await update('u', 3);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(isHeld).toBe(true);
  expect(rows.get('t 1')).toBe(2);
  expect(rows.get('u 1')).toBe(3);
});

test('a relation that is described again, as it was, waits for nothing', async () => {
  let [atOnce, most] = [0, 0];
  const waiting: (() => void)[] = [];
  // Four requests are under way before any is answered, again and again: a barrier would be alone.
  receiver.answerWith(async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    if (atOnce === 4) waiting.splice(0).forEach((goOn) => goOn());
    else if (isFull()) await new Promise<void>((resolve) => waiting.push(resolve));
    atOnce -= 1;
  });
  let taken = 0;
  const isFull = (): boolean => ++taken <= 3;
  await pipeline.database.query(INSERT);
  await pipeline.database.query('analyze t; comment on table t is $$described again$$');
  await update('t', 1);
  await pipeline.database.query('create index on t (status); reindex table t');
  await update('t', 2);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(most).toBe(4);
});
