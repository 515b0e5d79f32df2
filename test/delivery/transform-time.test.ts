import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

type Event = { after?: { id?: unknown } | null };

const SET_UP = 'create table t (id int primary key)';

async function pipelineWith(transform: (event: Event) => Promise<Event>, timeoutMs: number) {
  const receiver = await startReceiver();
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url, timeoutMs, transform };
  const pipeline = await createPipeline({ endpoints: [endpoint as never] }, SET_UP);
  await pipeline.database.query('insert into t select n from generate_series(1, 3) n');
  return { receiver, pipeline };
}

/** Never answers for the second row. */
function stuckOnTwo(event: Event): Promise<Event> {
  return event.after?.id === 2 ? new Promise(() => undefined) : Promise.resolve(event);
}

const idsOf = (events: readonly { readonly after?: unknown }[]) =>
  events.map(({ after }) => (after as { id: number }).id);

test('a transform that never answers fails for its event alone', async () => {
  const { receiver, pipeline } = await pipelineWith(stuckOnTwo, 1_000);
  expect(await pipeline.drain()).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 2, dead_lettered: 1 }],
  });
  expect(idsOf(receiver.events())).toEqual([1, 3]);
  expect(await pipeline.database.query('select reason, detail from walhook.dead_letters')).toEqual([
    { reason: 'transform_failed', detail: 'no answer within 1000 ms' },
  ]);
});

test('a transform that never answers does not keep a drain beyond its deadline', async () => {
  const { receiver, pipeline } = await pipelineWith(stuckOnTwo, 600_000);
  const hurried = await pipeline.configured({ drain: { deadlineMs: 500 } });
  expect((await hurried.drain()).status).not.toBe('caught_up');
  expect(idsOf(receiver.events())).not.toContain(3);
  const endpoints = [{ name: 'hooks', type: 'http', url: receiver.url }] as const;
  const mended = await pipeline.configured({ endpoints: [...endpoints] });
  expect((await mended.drain()).status).toBe('caught_up');
  expect([...new Set(idsOf(receiver.events()))].sort()).toEqual([1, 2, 3]);
});
