import { expect, test } from 'vitest';
import { createPipeline, type PipelineOptions } from '../support/pipeline.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { VERSION } from '../../src/version.ts';

type HttpEndpoint = Partial<Extract<PipelineOptions['endpoints'][number], { type: 'http' }>>;

async function requestOf(endpoint: HttpEndpoint): Promise<ReceivedRequest> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, ...endpoint }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  expect((await pipeline.drain()).status).toBe('caught_up');
  return receiver.requests[0]!;
}

test('a request names its sender, its batch, its time and its trace', async () => {
  const { method, headers } = await requestOf({});
  expect(method).toBe('POST');
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': `walhook/${VERSION}`,
    'webhook-id': headers['idempotency-key'],
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    traceparent: expect.stringMatching(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/),
  });
  expect(headers).not.toHaveProperty('webhook-signature');
  expect(headers).not.toHaveProperty('authorization');
});

test('headers of one’s own are sent, and the method is the configured one', async () => {
  const { method, headers } = await requestOf({
    method: 'PUT',
    headers: { 'X-Tenant': 'shop 1', 'x-other': 'b' },
  });
  expect(method).toBe('PUT');
  expect(headers).toMatchObject({ 'x-tenant': 'shop 1', 'x-other': 'b' });
});

test.each([
  ['bearer', { type: 'bearer', token: 'abc.def' }, { authorization: 'Bearer abc.def' }],
  [
    'basic',
    { type: 'basic', username: 'ada', password: 'pä:ss' },
    { authorization: `Basic ${Buffer.from('ada:pä:ss').toString('base64')}` },
  ],
  ['header', { type: 'header', name: 'X-Api-Key', value: 'k 1' }, { 'x-api-key': 'k 1' }],
] as const)('authentication by %s is sent', async (_type, auth, expected) => {
  expect((await requestOf({ auth })).headers).toMatchObject(expected);
});
