import { expect, test } from 'vitest';
import { pipelineWithEverything } from './pipeline-with-everything.ts';

test.each([
  ['endpoints', 'settled_ahead', `decode(repeat('ff', 50000000), 'hex')`, 'endpoint parks'],
  ['endpoints', 'settled_ahead', `'\\xff'`, 'endpoint parks'],
  ['endpoints', 'seq', '-2', 'endpoint parks'],
  ['parked_batches', 'manifest', `'no JSON'`, 'id '],
  [
    'parked_batches',
    'manifest',
    `'{"transactions":[],"tables":[],"operations":[],"events":[0,0,0,9,0,0]}'`,
    'id ',
  ],
  ['parked_batches', 'headers', `'null'`, 'id '],
  ['pipelines', 'lease_expires_at', `'infinity'`, 'pipeline '],
])('%s.%s that is %s is named with its row', async (table, column, value, key) => {
  const { receiver, pipeline } = await pipelineWithEverything();
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  await pipeline.database.query(`update walhook.${table} set ${column} = ${value}`);
  await pipeline.database.query(`update walhook.pipelines set lease_owner = 'another'`);
  const { error } = await pipeline.drain();
  expect(error).toMatchObject({ code: 'state_damaged' });
  expect(error!.message).toContain(`${table} is damaged: ${column} of the row ${key}`);
});
