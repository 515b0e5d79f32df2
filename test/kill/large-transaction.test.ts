import { afterAll, expect, test } from 'vitest';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { DrainerProcess } from './drainer-process.ts';
import { NOTHING_SETTLED, readSettled } from './settled.ts';

const drainers: DrainerProcess[] = [];
afterAll(() => drainers.forEach((drainer) => drainer.signal('SIGKILL')));

async function pipelineWith(
  rows: number,
  maxEvents: number,
): Promise<{ pipeline: TestPipeline; receiver: Receiver }> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents },
        },
      ],
    },
    'create table notes (id int primary key)',
  );
  await pipeline.database.query(`insert into notes select generate_series(1, ${rows})`);
  return { pipeline, receiver };
}

function keysOf(receiver: Receiver): number[] {
  return receiver.events().map(({ key }) => (key as { id: number }).id);
}

function upTo(rows: number): number[] {
  return Array.from({ length: rows }, (_, i) => i + 1);
}

test('stopped in the middle of a transaction, the next drain goes on there', async () => {
  const rows = 20_000;
  const { pipeline, receiver } = await pipelineWith(rows, 200);
  const drainer = new DrainerProcess();
  drainers.push(drainer);
  receiver.answerWith((_, nth) => {
    if (nth === 20) drainer.signal('SIGTERM');
  });

  const { report } = await drainer.drain({ config: pipeline.config });
  expect(report?.status).toBe('deadline');
  expect(receiver.requests.length).toBeLessThan(rows / 200);
  expect((await pipeline.drain()).status).toBe('caught_up');

  expect(keysOf(receiver)).toEqual(upTo(rows));
});

test('a transaction of 100,000 rows arrives whole in drains of 300 ms each', async () => {
  const rows = 100_000;
  const { pipeline, receiver } = await pipelineWith(rows, 1_000);
  const hurried = await pipeline.configured({ drain: { deadlineMs: 300 } });
  const first = new Set<string>();
  let seen = 0;
  for (let status = ''; status !== 'caught_up';) {
    const settled = (await readSettled(pipeline.database)).get('hooks') ?? NOTHING_SETTLED;
    const report = await hurried.drain();
    status = report.status;
    expect(['caught_up', 'deadline']).toContain(status);
    // A request that was given up at the deadline may have been received; what is recorded is not sent.
    const sent = receiver
      .events()
      .slice(seen)
      .map(({ id }) => String(id));
    expect(sent.filter((id) => settled.has(id))).toEqual([]);
    for (const id of sent) first.add(id);
    seen += sent.length;
  }

  expect([...first]).toEqual([...first].sort());
  expect(first.size).toBe(rows);
}, 180_000);
