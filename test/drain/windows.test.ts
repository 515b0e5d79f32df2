import { describe, expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { isPooled } from '../support/database.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  createPipeline,
  lsnOf,
  type PipelineOptions,
  type TestPipeline,
} from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from '../support/receiver.ts';

const tables = `
  create table t (id int primary key, note text);
  create type mood as enum ('sad', 'glad');
  create table moods (id int primary key, m mood)`;

/** Transactions of several sizes, a message outside of them, a truncate, a change of shape. */
const backlog = `
  do $$ begin
    for i in 1..24 loop
      insert into t select i * 100 + n, 'note ' || n from generate_series(1, i % 7 + 1) n;
      if i % 6 = 0 then
        perform pg_logical_emit_message(false, 'at once', i::text);
        alter table t add if not exists extra int default 5;
      end if;
      if i = 15 then truncate t; end if;
      insert into moods values (i, 'glad');
      commit;
    end loop;
  end $$`;

const http = (receiver: Receiver) =>
  ({ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }) as const;

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

const one = (receiver: Receiver) => ({ ...http(receiver), batch: { maxEvents: 1 } });

/** What one event a request makes of it: the exact text. */
const bodies = (receiver: Receiver): string[] =>
  receiver.requests.map(({ body }) => body.toString());

/** Another pipeline on the same backlog: its slot is a copy. */
async function beside(
  pipeline: TestPipeline,
  endpoint: PipelineOptions['endpoints'][number],
  drain: PipelineOptions['drain'],
  name: string,
): Promise<TestPipeline> {
  const { database, config } = pipeline;
  const slot = `${config.slot}_${name}`;
  await database.query(`select pg_copy_logical_replication_slot('${config.slot}', '${slot}')`);
  await database.query(
    `insert into walhook.pipelines (pipeline, slot, publication, database, announced_lsn)
     values ('${name}', '${slot}', 'walhook', '${database.name}', pg_current_wal_lsn())`,
  );
  return pipeline.configured({ pipeline: name, slot, endpoints: [endpoint], drain: drain ?? {} });
}

/** More than is read in one answer. */
const muchMore = `insert into t select n, repeat('x', 10000) from generate_series(10001, 10120) n`;

test.each([
  ['little:', 'select'],
  ['much:', muchMore],
])('%s however the slot is read, the events are the same, byte for byte', async (_, andMore) => {
  const receivers = await Promise.all(Array.from({ length: 4 }, () => startReceiver()));
  const [whole, smallCopy, smallRows, rows] = receivers as [Receiver, Receiver, Receiver, Receiver];
  // A server of its own: windows this small are many over the WAL of all other tests.
  const server = await startPrivateServer();
  const pipeline = await createPipeline({ endpoints: [one(whole)] }, tables, server.url());
  const { database } = pipeline;
  const others = [
    await beside(pipeline, one(smallCopy), { maxWindowChanges: 20, maxWindowBytes: 4_096 }, 'a'),
    await beside(pipeline, one(smallRows), { reader: 'rows', maxWindowChanges: 3 }, 'b'),
    await beside(pipeline, one(rows), { reader: 'rows' }, 'c'),
  ];
  await database.query(backlog);
  await database.query(andMore);

  const reports = [await pipeline.drain()];
  for (const other of others) reports.push(await other.drain());

  expect(reports.map(({ status }) => status)).toEqual(reports.map(() => 'caught_up'));
  expect(bodies(whole).length).toBeGreaterThan(100);
  expect(reports[0]!.windows).toBe(1);
  expect(reports[1]!.windows).toBeGreaterThan(5);
  expect(reports[2]!.windows).toBeGreaterThan(5);
  for (const other of [smallCopy, smallRows, rows]) expect(bodies(other)).toEqual(bodies(whole));
  for (const [i, receiver] of receivers.entries()) {
    expect(reports[i]!.events).toBe(bodies(receiver).length);
  }
});

test.each([1, 2, 50])(
  'messages outside of any transaction, %i a window, come once each',
  async (maxWindowChanges) => {
    const receiver = await startReceiver();
    const pipeline = await createPipeline({
      endpoints: [http(receiver)],
      drain: { maxWindowChanges },
    });
    await pipeline.database.query(`
      select pg_logical_emit_message(false, 'n', n::text) from generate_series(1, 120) n`);
    // A commit, so that the messages are flushed.
    await pipeline.database.query('create table t ()');

    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 120 });
    expect((await pipeline.drain()).events).toBe(0);

    const contents = receiver.events().map(({ content }) => Number(atob(String(content))));
    expect(contents).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    const ids = receiver.events().map(({ id }) => String(id));
    expect(ids).toEqual([...new Set(ids)].sort());
  },
);

describe('without a slot to spare', async () => {
  const server = await startPrivateServer({ max_replication_slots: '1' });

  async function onOneSlot(
    options: PipelineOptions,
    use: (pipeline: TestPipeline) => Promise<void>,
  ): Promise<void> {
    const pipeline = await createPipeline(options, tables, server.url());
    try {
      await use(pipeline);
    } finally {
      await pipeline.database.dropSlotsAndDatabase();
    }
  }

  test.each(['copy', 'rows'] as const)(
    'the slot itself is peeked by %s, window after window, and nothing comes twice',
    async (reader) => {
      const receiver = await startReceiver();
      const drain = { reader, maxWindowChanges: 20, maxWindowBytes: 4_096 };
      await onOneSlot({ endpoints: [http(receiver)], drain }, async (pipeline) => {
        await pipeline.database.query(backlog);
        const [count] = await pipeline.database.query<{ events: number }>(
          `select count(*)::int + 24 + 4 + 1 as events
           from generate_series(1, 24) i, generate_series(1, i % 7 + 1) n`,
        );

        const report = await pipeline.drain();

        expect(report).toMatchObject({ status: 'caught_up', events: count!.events });
        expect(report.windows).toBeGreaterThan(5);
        const ids = receiver.events().map(({ id }) => String(id));
        expect(ids).toHaveLength(count!.events);
        expect(ids).toEqual([...new Set(ids)].sort());
        expect((await pipeline.drain()).events).toBe(0);
      });
    },
  );

  test.each([1, 2, 50])(
    'messages outside of any transaction, %i a window, come once each',
    async (maxWindowChanges) => {
      const receiver = await startReceiver();
      const drain = { maxWindowChanges };
      await onOneSlot({ endpoints: [http(receiver)], drain }, async (pipeline) => {
        await pipeline.database.query(`
          select pg_logical_emit_message(false, 'n', n::text) from generate_series(1, 60) n`);
        await pipeline.database.query('create table flushed ()');
        expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 60 });
        const contents = receiver.events().map(({ content }) => Number(atob(String(content))));
        expect(contents).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
      });
    },
  );

  test.each(['copy', 'rows'] as const)(
    'a drain that stops in the middle of a window read by %s does not wait for its own reader',
    async (reader) => {
      const rows = 40_000;
      const clock = new FakeClock();
      const receiver = await startReceiver((_request, nth) => {
        if (nth === 6) clock.advance(10_000);
        return 204;
      });
      const drain = { reader, deadlineMs: 10_000 };
      const endpoints = [{ ...http(receiver), batch: { maxEvents: 1_000 } }];
      await onOneSlot({ endpoints, drain }, async (pipeline) => {
        // Settled before the large one: the slot has somewhere to go while the window is read.
        await pipeline.database.query(`insert into t values (0)`);
        await pipeline.database.query(
          `insert into t select n, repeat('x', 200) from generate_series(1, ${rows}) n`,
        );
        const slotAt = await pipeline.slotAt();

        const stopped = await pipeline.drain({ platform: { ...nodePlatform, clock } });

        expect(stopped).toMatchObject({ status: 'deadline', error: null });
        expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(slotAt));
        expect((await pipeline.drain()).status).toBe('caught_up');
        const ids = receiver.events().map(({ after }) => (after as { id: number }).id);
        expect(ids).toEqual(Array.from({ length: rows + 1 }, (_, i) => i));
      });
    },
  );

  test('an endpoint on hold keeps the slot, and the other one still gets everything, once', async () => {
    const [good, bad] = [await startReceiver(), await startReceiver(() => 500)];
    const endpoints = [
      http(good),
      {
        ...http(bad),
        name: 'bad',
        retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        batch: { maxEvents: 10 },
      },
    ];
    const drain = { maxWindowChanges: 20, maxWindowBytes: 4_096 };
    await onOneSlot({ endpoints, drain }, async (pipeline) => {
      await pipeline.drain();
      await pipeline.database.query(backlog);

      const held = await pipeline.drain();
      expect(held.status).toBe('held');
      expect(held.windows).toBeGreaterThan(2);
      const all = idsOf(good.events());
      expect(all).toEqual([...new Set(all)].sort());
      expect(bad.requests).toHaveLength(1);

      bad.answerWith(() => 204);
      const recovered = await pipeline.drain();
      expect(recovered.status).toBe('caught_up');
      // Each window of a held slot returns the last one again, and so brings as much that is new.
      expect(held.windows).toBeLessThan(recovered.windows);
      expect(idsOf(good.events())).toEqual(all);
      expect(idsOf(bad.requests.slice(1).flatMap(({ events }) => events))).toEqual(all);
    });
  });
});

function idsOf(events: readonly ReceivedEvent[]): string[] {
  return events.map(({ id }) => String(id));
}

const keysOf = (events: readonly { readonly after?: unknown }[]) =>
  events.map(({ after }) => (after as { id: number }).id);

const sorted = (keys: readonly number[]) => [...keys].sort((a, b) => a - b);

// Only a copy of the slot can pass over what the slot has to keep.
describe.skipIf(isPooled)('while an endpoint keeps the slot', () => {
  const BACKLOG = 10_000;

  /** Many windows of backlog that one endpoint has, and the other, which is down, has not. */
  async function withOneDown(policy: Partial<HttpEndpoint>) {
    // What other tests write to a shared server would be read too.
    const server = await startPrivateServer();
    const [good, bad] = [await startReceiver(), await startReceiver(() => 503)];
    const options = { type: 'http', retry: { attempts: 1, minDelayMs: 0 } } as const;
    const pipeline = await createPipeline(
      {
        endpoints: [
          { ...options, name: 'good', url: good.url },
          { ...options, name: 'bad', url: bad.url, circuitBreaker: { failures: 1 }, ...policy },
        ],
        drain: { maxWindowBytes: 1 << 20 },
      },
      // Uncompressed: it is the WAL that counts.
      'create table t (id int primary key, note text); alter table t alter note set storage external',
      server.url(),
    );
    const insert = (from: number, to: number) =>
      pipeline.database.query(
        `insert into t select n, repeat(md5(n::text), 100) from generate_series(${from}, ${to}) n`,
      );
    for (let from = 1; from <= BACKLOG; from += 100) await insert(from, from + 99);
    const first = await pipeline.drain();
    expect(first).toMatchObject({ status: 'held', endpoints: [{ delivered: BACKLOG }, {}] });
    expect(first.windows).toBeGreaterThan(30);
    // Nobody reads on for the one that is put on hold, once the other has everything.
    expect(first.windows).toBeLessThan(60);
    await insert(BACKLOG + 1, BACKLOG + 100);
    return { pipeline, good, bad };
  }

  const all = Array.from({ length: BACKLOG + 100 }, (_, i) => i + 1);

  type OneDown = Awaited<ReturnType<typeof withOneDown>>;

  /** The one that was down is back: the next drain catches up, and both have all of it. */
  async function expectAllOnceBack({ pipeline, good, bad }: OneDown): Promise<void> {
    const refused = bad.requests.length;
    bad.answerWith(() => 204);
    await pipeline.forgetFailures();
    const last = await pipeline.drain();
    expect(last).toMatchObject({ status: 'caught_up', to_lsn: last.target_lsn });
    expect(sorted(keysOf(good.events()))).toEqual(all);
    const confirmed = bad.requests.slice(refused).flatMap(({ events }) => events);
    expect(sorted(keysOf(confirmed))).toEqual(all);
  }

  test('a drain passes over what the others have settled', async () => {
    const down = await withOneDown({ onUnavailable: 'hold' });

    const second = await down.pipeline.drain();
    expect(second).toMatchObject({
      status: 'held',
      endpoints: [{ delivered: 100 }, { delivered: 0 }],
    });
    expect(second.windows).toBeLessThan(5);

    await expectAllOnceBack(down);
  });

  test('a drain passes over it too where there is no room for more parked events', async () => {
    const full = { parkAfterMs: 0, maxParkedEvents: 1_000 } as const;
    const down = await withOneDown({ onUnavailable: 'park', ...full });

    const second = await down.pipeline.drain();
    expect(second).toMatchObject({
      status: 'held',
      endpoints: [{ delivered: 100 }, { delivered: 0, state: 'held' }],
    });
    // What was read ahead before it was clear that there is no room; and not all of it.
    expect(second.windows).toBeLessThan(25);

    await expectAllOnceBack(down);
  });
});
