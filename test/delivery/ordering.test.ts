import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from '../support/receiver.ts';

type Traffic = {
  readonly receiver: Receiver;
  /** The ids of the events of each request, in the order the requests were answered. */
  readonly answered: readonly (readonly ReceivedEvent[])[];
  readonly mostAtOnce: () => number;
};

/** Answers each request some turns of the event loop later, by a generator of known seed. */
async function startSlowReceiver(): Promise<Traffic> {
  const answered: (readonly ReceivedEvent[])[] = [];
  let [atOnce, most, random] = [0, 0, 12345];
  const receiver = await startReceiver(async ({ events }) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    for (let turns = random % 40; turns > 0; turns--) await nextTurn();
    answered.push(events);
    atOnce -= 1;
    return 204;
  });
  return { receiver, answered, mostAtOnce: () => most };
}

const tables = 'create table t (id int primary key, n int); create table u (id int primary key)';

const workload = [
  'insert into t select id, 0 from generate_series(1, 40) id',
  `do $$ begin
    for i in 1..15 loop
      update t set n = i where id % 3 = i % 3;
      insert into u values (i);
      commit;
    end loop;
  end $$`,
];

async function drainTo(
  traffic: Traffic,
  ordering: 'strict' | 'key' | 'none',
  sql: readonly string[],
): Promise<readonly ReceivedEvent[]> {
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: traffic.receiver.url,
          ordering,
          concurrency: 4,
          batch: { maxEvents: 5 },
        },
      ],
    },
    tables,
  );
  for (const statement of sql) await pipeline.database.query(statement);
  const report = await pipeline.drain();
  expect(report.status).toBe('caught_up');
  const events = traffic.answered.flat();
  expect(report.events).toBe(events.length);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  return events;
}

const keyOf = ({ table, key }: ReceivedEvent) => `${String(table)} ${JSON.stringify(key)}`;

function expectOrderPerKey(events: readonly ReceivedEvent[]): void {
  const last = new Map<string, string>();
  for (const event of events) {
    const id = String(event['id']);
    expect(id > (last.get(keyOf(event)) ?? '')).toBe(true);
    last.set(keyOf(event), id);
  }
}

test('strict: one request at a time, in commit order', async () => {
  const traffic = await startSlowReceiver();
  const events = await drainTo(traffic, 'strict', workload);
  const ids = events.map(({ id }) => String(id));
  expect(ids).toEqual([...ids].sort());
  expect(traffic.mostAtOnce()).toBe(1);
});

test('key: several requests at a time, each row in commit order', async () => {
  const traffic = await startSlowReceiver();
  const events = await drainTo(traffic, 'key', workload);
  expectOrderPerKey(events);
  expect(traffic.mostAtOnce()).toBeGreaterThan(1);
  expect(traffic.mostAtOnce()).toBeLessThanOrEqual(4);
});

test('none: everything arrives, several requests at a time', async () => {
  const traffic = await startSlowReceiver();
  const events = await drainTo(traffic, 'none', workload);
  expect(events.length).toBeGreaterThan(200);
  expect(traffic.mostAtOnce()).toBeGreaterThan(1);
});

test('key: a truncate and a message come after all before them and before all after them', async () => {
  const traffic = await startSlowReceiver();
  const events = await drainTo(traffic, 'key', [
    'insert into t select id, 0 from generate_series(1, 60) id',
    'truncate t',
    'insert into t select id, 1 from generate_series(1, 60) id',
    `select pg_logical_emit_message(true, 'barrier', 'x')`,
    'update t set n = 2',
  ]);
  const phases = events.map(({ op, after }) =>
    op === 'insert' ? `insert ${String((after as { n: number }).n)}` : String(op),
  );
  const order = phases.filter((phase, i) => phase !== phases[i - 1]);
  expect(order).toEqual(['insert 0', 'truncate', 'insert 1', 'message', 'update']);
  expect(traffic.mostAtOnce()).toBeGreaterThan(1);
});

test('key: a row that changes its key keeps the order of its old key and of its new one', async () => {
  const traffic = await startSlowReceiver();
  const chain = Array.from({ length: 12 }, (_, i) => `update t set id = id + 100 where id > ${i}`);
  const events = await drainTo(traffic, 'key', [
    'insert into t select id, 0 from generate_series(1, 20) id',
    ...chain,
    'delete from t',
  ]);
  const last = new Map<string, string>();
  for (const event of events) {
    const id = String(event['id']);
    for (const key of [event['key'], event['op'] === 'update' ? event['before'] : event['key']]) {
      const name = JSON.stringify(key);
      expect(id >= (last.get(name) ?? '')).toBe(true);
      last.set(name, id);
    }
  }
});

test('a retried request is not overtaken by a later one of its lane', async () => {
  const traffic = await startSlowReceiver();
  const refusedOnce = new Set<string>();
  const delivered: ReceivedEvent[] = [];
  traffic.receiver.answerWith(({ events, headers }) => {
    const id = String(headers['webhook-id']);
    if (refusedOnce.size < 12 && !refusedOnce.has(id)) {
      refusedOnce.add(id);
      return { status: 503, headers: { 'retry-after': '0' } };
    }
    delivered.push(...events);
    return 204;
  });
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: traffic.receiver.url,
          concurrency: 4,
          batch: { maxEvents: 5 },
          retry: { attempts: 4, minDelayMs: 0, maxDelayMs: 0 },
        },
      ],
    },
    tables,
  );
  for (const statement of workload) await pipeline.database.query(statement);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(refusedOnce.size).toBe(12);
  expectOrderPerKey(delivered);
});
