import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { createApp, drain } from '../../src/index.ts';
import { Drainer } from '../../src/runtime/drainer.ts';
import { lambdaHandler } from '../../src/runtime/lambda-handler.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const refusal = { status: 'failed', error: { code: 'endpoints_missing', detail: 'hooks' } };

/** A pipeline with an endpoint, and a call of it that has none. */
async function lostEndpoint() {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  await pipeline.drain();
  await pipeline.database.query('insert into t values (2)');
  const { slot, pipeline: name } = pipeline.config;
  const env = { DATABASE_URL: pipeline.database.url, SLOT_NAME: slot, WALHOOK_PIPELINE: name };
  const { config } = parseConfig(null, env);
  return { pipeline, receiver, env, config, slotAt: await pipeline.slotAt() };
}

test('without its endpoint a pipeline is not drained onto standard output, whatever starts the drain', async () => {
  const { pipeline, receiver, env, config, slotAt } = await lostEndpoint();

  expect(await drain(null, { env })).toMatchObject(refusal);

  const app = await createApp(null, { env, isLoopback: () => true });
  const answer = await app.fetch(new Request('http://127.0.0.1/drain', { method: 'POST' }));
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject(refusal);

  const drainer = new Drainer({ config, platform: nodePlatform, log: silent });
  expect(await drainer.drain()).toMatchObject(refusal);
  await drainer.close();

  const handler = lambdaHandler({
    load: () => Promise.resolve({ config, warnings: [], logLevel: 'error' }),
    variables: env,
    platform: nodePlatform,
    marginMs: 1_000,
    httpDeadlineMs: 10_000,
    failOnHeld: true,
    write: () => undefined,
  });
  const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 60_000 };
  await expect(handler({}, context)).rejects.toMatchObject({ code: 'endpoints_missing' });

  expect(await pipeline.slotAt()).toBe(slotAt);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(receiver.events().map(({ key }) => key)).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a configuration tells a standard output that is meant from one that is left over', () => {
  const DATABASE_URL = 'postgres://me@localhost/shop';
  const fallbackOf = (env: Record<string, string>, input: unknown = null) =>
    parseConfig(input, { DATABASE_URL, ...env }).config.stdoutIsFallback === true;
  expect(fallbackOf({})).toBe(true);
  expect(fallbackOf({ HTTP_ENDPOINT_URL: '' })).toBe(true);
  expect(fallbackOf({ EVENT_SINK: 'stdout' })).toBe(false);
  expect(fallbackOf({ WALHOOK_ENDPOINTS_0_TYPE: 'stdout' })).toBe(false);
  expect(fallbackOf({}, { endpoints: [{ name: 'out', type: 'stdout' }] })).toBe(false);
  expect(fallbackOf({ HTTP_ENDPOINT_URL: 'https://example.com/hooks' })).toBe(false);
});
