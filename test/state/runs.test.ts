import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/drain/state-store.ts';
import { openRegisteredStore } from './registered-store.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 31, 12);

function runAt(finishedMs: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: `run ${finishedMs}`,
    pipeline: 'shop',
    startedAt: new Date(finishedMs - 1_234),
    finishedAt: new Date(finishedMs),
    status: 'caught_up',
    report: { status: 'caught_up', events: 3, error: null },
    ...changes,
  };
}

test('runs are listed as they were recorded, the latest first', async () => {
  const { store } = await openRegisteredStore();
  const report = { z: 1, a: ['\0', '"', null], error: { message: '✗' } };
  const runs = [runAt(NOON), runAt(NOON + 1, { report }), runAt(NOON + 2, { status: 'failed' })];
  for (const run of runs) await store.recordRun(run, HOUR);

  const listed = await store.listRuns('shop', 2);

  expect(listed).toEqual([runs[2], runs[1]]);
  expect(JSON.stringify(listed[1]?.report)).toBe(JSON.stringify(report));
  expect(await store.listRuns('other', 10)).toEqual([]);
});

test('a run drops those that are older than is kept, of its own pipeline', async () => {
  const { store } = await openRegisteredStore();
  await store.recordRun(runAt(NOON, { pipeline: 'other', runId: 'of another' }), HOUR);
  await store.recordRun(runAt(NOON), HOUR);
  await store.recordRun(runAt(NOON + 1), HOUR);
  await store.recordRun(runAt(NOON + HOUR + 1), HOUR);

  const kept = await store.listRuns('shop', 10);

  expect(kept.map(({ runId }) => runId)).toEqual([`run ${NOON + HOUR + 1}`, `run ${NOON + 1}`]);
  expect(await store.listRuns('other', 10)).toHaveLength(1);
});

test('a run that is recorded twice is one run', async () => {
  const { store } = await openRegisteredStore();
  await store.recordRun(runAt(NOON), HOUR);
  await store.recordRun(runAt(NOON, { status: 'failed' }), HOUR);
  expect(await store.listRuns('shop', 10)).toEqual([runAt(NOON, { status: 'failed' })]);
});

test('a run of a pipeline that is not registered is recorded too', async () => {
  const { store } = await openRegisteredStore();
  await store.recordRun(runAt(NOON, { pipeline: 'never registered' }), HOUR);
  expect(await store.listRuns('never registered', 1)).toHaveLength(1);
});
