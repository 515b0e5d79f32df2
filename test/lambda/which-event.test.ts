import { expect, test } from 'vitest';
import { createHandler } from '../../src/entry/lambda.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const LEFT = { getRemainingTimeInMillis: () => 60_000 };

/** As AWS documents it: what a destination gets of an asynchronous invocation that failed. */
const destinationRecord = {
  version: '1.0',
  timestamp: '2026-01-31T12:00:00.123Z',
  requestContext: {
    requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:before:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  },
  requestPayload: {},
};

const restRequest = {
  httpMethod: 'GET',
  path: '/health',
  headers: { host: 'abc.execute-api.eu-west-1.amazonaws.com' },
  multiValueHeaders: {},
  isBase64Encoded: false,
  requestContext: { httpMethod: 'GET', path: '/prod/health', stage: 'prod' },
};

const balancedRequest = {
  ...restRequest,
  requestContext: {
    elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a' },
  },
};

async function shop() {
  const receiver = await startReceiver();
  const endpoints = [{ name: 'orders', type: 'http' as const, url: receiver.url }];
  const { database, config } = await createPipeline({ endpoints }, 'create table t (id int)');
  const { slot, publication } = config;
  const handler = createHandler(
    { database: { url: database.url }, slot, publication, endpoints },
    { env: { WALHOOK_LOG_LEVEL: 'error' } },
  );
  return { receiver, database, handler };
}

test("a destination's record makes a drain, though it has a context of its request", async () => {
  const { receiver, database, handler } = await shop();
  await database.query('insert into t values (1)');
  expect(await handler(destinationRecord, LEFT)).toMatchObject({ status: 'caught_up', events: 1 });
  expect(receiver.events()).toHaveLength(1);
});

test.each([
  ['a REST API', restRequest],
  ['a load balancer', balancedRequest],
])('what %s sends goes to the HTTP app', async (_who, event) => {
  const { handler } = await shop();
  expect(await handler(event, LEFT)).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
});
