import { expect, test } from 'vitest';
import { walhook } from '../cli/walhook.ts';
import { isPooled, serverMajorVersion } from '../support/database.ts';
import { lsnOf } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { contentOf, skip, stuckAt, stuckPipeline, takenBy } from '../support/stuck-pipeline.ts';

/** Of the transaction: a copy of the slot tells it, which needs a session of its own. */
const TOLD = isPooled
  ? { begin_lsn: null, xid: null, tables: [] }
  : {
      begin_lsn: expect.any(String) as string,
      xid: expect.any(Number) as number,
      tables: ['public.t'],
    };

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
      begin_lsn: TOLD.begin_lsn,
      commit_lsn: first,
      xid: TOLD.xid,
      tables: TOLD.tables,
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
      {
        commit_lsn: first,
        tables: TOLD.tables,
        reason: 'sent by hand',
        requested_by: 'me',
      },
      {
        commit_lsn: second,
        tables: TOLD.tables,
        reason: 'a test',
        requested_by: 'me',
      },
    ]);
  },
);

test.skipIf(serverMajorVersion < 15 || isPooled)(
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

// Without a copy of the slot the others wait behind the one that holds it.
test.skipIf(serverMajorVersion < 15 || isPooled)(
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
