import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

/** Of an endpoint that was down: what came is parked, and there is one dead letter. */
export async function pipelineWithEverything() {
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
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 3) n');
  // The first one finds out that it is down.
  await pipeline.drain();
  const report = await pipeline.drain();
  const rows = await pipeline.database.query('select 1 from walhook.parked_batches');
  if (rows.length === 0) throw new Error(`nothing is parked: ${JSON.stringify(report)}`);
  return { receiver, pipeline };
}
