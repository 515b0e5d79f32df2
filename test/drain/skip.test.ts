import { expect, test } from 'vitest';
import type { Lsn } from '../../src/pgoutput/lsn.ts';
import { skipTransaction } from '../../src/operations/skip-transaction.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { serverMajorVersion } from '../support/database.ts';
import { createPipeline, lsnOf, type TestPipeline } from '../support/pipeline.ts';
import { walhook } from '../cli/walhook.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const http = (receiver: Receiver, name = 'hooks0') =>
  ({ name, type: 'http', url: receiver.url, ordering: 'strict' }) as const;

/** What came, in a word each: a row's id, or the place that was passed over. */
const takenBy = (receiver: Receiver) =>
  receiver.events().map((event) => {
    if (event['op'] === 'message') return contentOf(event)['commit_lsn'];
    return (event['after'] as { id: number }).id;
  });

function contentOf(event: Record<string, unknown>): Record<string, unknown> {
  const text = Buffer.from(String(event['content']), 'base64').toString();
  return JSON.parse(text) as Record<string, unknown>;
}

/** A row of t with n = 0 is one that the server fails to filter. */
async function stuckPipeline(receivers: readonly Receiver[]) {
  const pipeline = await createPipeline(
    { endpoints: receivers.map((receiver, index) => http(receiver, `hooks${index}`)) },
    'create table t (id int primary key, n int); create table other (id int primary key)',
  );
  const { database } = pipeline;
  await database.query(
    `drop publication walhook;
     create publication walhook for table other, t where (1 / n > -1)`,
  );
  await database.query('update walhook.pipelines set publication_oid = null');
  await database.query('insert into other values (1)');
  await database.query('insert into t values (1, 0)');
  await database.query('insert into other values (2)');
  await database.query('insert into t values (2, 0)');
  await database.query('insert into other values (3)');
  return pipeline;
}

const skip = ({ config }: TestPipeline, to: string, reason = 'a test') =>
  withPipeline(config, nodePlatform, (access) =>
    skipTransaction(access, {
      to: lsnOf(to) as Lsn,
      reason,
      requestedBy: 'me',
      now: Date.parse('2026-01-31T12:00:00Z'),
      leaseMs: 10_000,
      createId: () => 'skip',
    }),
  );

/** Where the drain says that it cannot get on. */
async function stuckAt(pipeline: TestPipeline): Promise<string> {
  const { error } = await pipeline.drain();
  expect(error?.code).toBe('transaction_unreadable');
  return error!.detail!;
}

test.skipIf(serverMajorVersion < 15)(
  'a skip passes over exactly one transaction, in whose place every endpoint gets an event',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await stuckPipeline([receiver]);
    const first = await stuckAt(pipeline);

    await skip(pipeline, first, 'sent by hand');
    const second = await stuckAt(pipeline);

    expect(lsnOf(second)).toBeGreaterThan(lsnOf(first));
    expect(takenBy(receiver)).toEqual([1, first, 2]);
    const event = receiver.events()[1]!;
    expect(event).toMatchObject({
      id: expect.stringMatching(/-FFFFFFFF$/),
      op: 'message',
      prefix: 'walhook.skipped',
      transactional: false,
      commit_lsn: first,
      xid: null,
      committed_at: null,
    });
    expect(contentOf(event)).toEqual({
      begin_lsn: expect.any(String),
      commit_lsn: first,
      xid: expect.any(Number),
      tables: ['public.t'],
      error: expect.stringContaining('division by zero'),
      reason: 'sent by hand',
      requested_at: '2026-01-31T12:00:00.000Z',
    });

    await skip(pipeline, second);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    expect(takenBy(receiver)).toEqual([1, first, 2, second, 3]);
    expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(second));
    const recorded = await pipeline.database.query(
      'select commit_lsn::text, tables, reason, requested_by from walhook.skips order by commit_lsn',
    );
    expect(recorded).toEqual([
      { commit_lsn: first, tables: ['public.t'], reason: 'sent by hand', requested_by: 'me' },
      { commit_lsn: second, tables: ['public.t'], reason: 'a test', requested_by: 'me' },
    ]);
  },
);

test.skipIf(serverMajorVersion < 15)(
  'the command shows what is in the way, records a skip of that alone, and lists it',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await stuckPipeline([receiver]);
    const { config } = pipeline;
    const env = {
      DATABASE_URL: config.database.url,
      WALHOOK_SLOT: config.slot,
      WALHOOK_PIPELINE: config.pipeline,
      WALHOOK_ENDPOINT_URL: receiver.url,
    };
    const first = await stuckAt(pipeline);
    const shown = await walhook(['skip'], env);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(`in the way: the server cannot output the transaction from `);
    expect(shown.stdout).toContain(`walhook skip --to ${first}\n`);

    expect(await walhook(['skip', '--to', first], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('skip asks on a terminal; without one it needs --yes'),
    });
    expect(await walhook(['skip', '--to', '1/2', '--yes'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('skip_refused (1/2)'),
    });
    const recorded = await walhook(['skip', '--to', first, '--reason', 'known', '--yes'], env);
    expect(recorded).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^recorded: the next drain passes over .* of public\.t, /),
    });

    const listed = await walhook(['skip', '--json'], env);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      in_the_way: { tables: ['public.t'], error: expect.stringContaining('division by zero') },
      skips: [{ commit_lsn: first, reason: 'known', state: 'recorded' }],
    });
    await stuckAt(pipeline);
    const passed = await walhook(['skip', '--json'], env);
    expect(JSON.parse(passed.stdout)).toMatchObject({ skips: [{ state: 'passed' }] });
  },
);

test.skipIf(serverMajorVersion < 15)(
  'what can be read is not skipped, nor another transaction than the one in the way',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await stuckPipeline([receiver]);
    await expect(skip(pipeline, await pipeline.slotAt())).rejects.toMatchObject({
      code: 'skip_refused',
    });
    const first = await stuckAt(pipeline);
    await expect(skip(pipeline, '0/1')).rejects.toMatchObject({
      code: 'skip_refused',
      message: `what stands in the way is not a transaction that committed at 0/1, but the one at ${first}`,
    });
    await pipeline.database.query(
      `update walhook.pipelines set lease_owner = 'another', lease_expires_at = now() + interval '1 h'`,
    );
    await expect(skip(pipeline, first)).rejects.toMatchObject({ code: 'lease_held' });
    expect(await pipeline.database.query('select from walhook.skips')).toEqual([]);
  },
);

test.skipIf(serverMajorVersion < 15)(
  'while an endpoint is held, the slot stays before what is skipped, and the others go on behind it',
  async () => {
    const up = await startReceiver();
    const down = await startReceiver(() => 503);
    const pipeline = await stuckPipeline([up, down]);
    const first = await stuckAt(pipeline);
    await skip(pipeline, first);
    const second = await stuckAt(pipeline);
    await skip(pipeline, second);
    await pipeline.drain();
    expect(takenBy(up)).toEqual([1, first, 2, second, 3]);
    expect(lsnOf(await pipeline.slotAt())).toBeLessThan(lsnOf(first));

    down.answerWith(() => 204);
    await pipeline.forgetFailures();
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
    expect(takenBy(down).slice(-5)).toEqual([1, first, 2, second, 3]);
    expect(takenBy(up)).toEqual([1, first, 2, second, 3]);
  },
);

test.skipIf(serverMajorVersion < 15)(
  'a drainer that dies at any step of a skip leaves it to the next: nothing is lost, and nothing more is skipped',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await stuckPipeline([receiver]);
    const first = await stuckAt(pipeline);
    await skip(pipeline, first);
    const steps = [
      'window-read',
      'before-send',
      'after-send',
      'before-checkpoint',
      'after-checkpoint',
      'before-advance',
      'after-advance',
      'before-release',
    ] as const;
    for (const dying of steps) {
      const died = pipeline.drain({
        onStep(step) {
          if (step === dying) throw new Error(`died at ${dying}`);
        },
      });
      expect((await died).status).toBe('failed');
    }
    const second = await stuckAt(pipeline);
    expect([...new Set(takenBy(receiver))]).toEqual([1, first, 2]);
    expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(first));
    expect(lsnOf(await pipeline.slotAt())).toBeLessThanOrEqual(lsnOf(second));
  },
);
