import { expect, test } from 'vitest';
import { createRedact } from '../../src/config/redact.ts';
import { createLogger } from '../../src/observability/log.ts';
import { pauseEndpoint } from '../../src/operations/pause-endpoint.ts';
import { drainedOrders, keysOf, onPipeline, redrive } from '../operations/refused-events.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret, signingSecret } from '../support/secrets.ts';

test('no secret gets into the report, the state tables or the log, even if the endpoint tells it', async () => {
  const [token, query, header] = ['token', 'query', 'header'].map(secret) as [
    string,
    string,
    string,
  ];
  const signing = signingSecret('hooks');
  const receiver = await startReceiver(({ headers, path }) => ({
    status: 401,
    body: `bad credentials: ${String(headers.authorization)} ${path} ${signing} ${String(headers['x-api-key'])}`,
  }));
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: `${receiver.url}hook?token=${query}`,
          auth: { type: 'bearer', token },
          headers: { 'x-api-key': header },
          signing: { secrets: [signing] },
          retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 0 },
        },
      ],
    },
    'create table t (id int primary key)',
  );
  const { database } = pipeline;
  await database.query('insert into t values (1)');
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    write: (line) => void lines.push(line),
    redact: createRedact(pipeline.config),
  });

  const report = await pipeline.drain({ log });

  expect(report).toMatchObject({
    status: 'held',
    endpoints: [{ error: expect.stringContaining('misconfigured: HTTP 401: bad credentials') }],
  });
  expect(receiver.requests).toHaveLength(2);
  expect(receiver.requests[0]).toMatchObject({
    path: `/hook?token=${query}`,
    headers: { authorization: `Bearer ${token}`, 'x-api-key': header },
  });
  const state: unknown[] = [];
  for (const table of ['pipelines', 'endpoints', 'runs', 'dead_letters']) {
    state.push(await database.query(`select to_json(t)::text as row from walhook.${table} t`));
  }
  const told = JSON.stringify([report, state, lines]);
  expect(lines.length).toBeGreaterThan(0);
  expect(state[1]).not.toEqual([]);
  for (const each of [token, signing, query, header]) expect(told).not.toContain(each);
});

test('the address of an endpoint that cannot be reached is not told', async () => {
  const receiver = await startReceiver();
  await receiver.close();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: `${receiver.url}secret-path`,
          retry: { attempts: 1, minDelayMs: 0 },
        },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  const report = await pipeline.drain();
  expect(report.endpoints[0]?.error).toBe(
    'unavailable: connection failed (ECONNREFUSED); after 1 attempt',
  );
  expect(JSON.stringify(report)).not.toContain('secret-path');
});

test('nor into what is kept of a refused event, of its redrive, and of an endpoint that is gone', async () => {
  const token = secret('token');
  let status = 422;
  const receiver = await startReceiver(({ headers }) => ({
    status,
    body: `${status} for ${String(headers.authorization)}`,
  }));
  const pipeline = await drainedOrders(
    {
      endpoints: [
        { name: 'hooks', type: 'http', url: receiver.url, auth: { type: 'bearer', token } },
      ],
    },
    1,
  );
  const { database } = pipeline;
  const kept = async (table: string): Promise<string> =>
    JSON.stringify(await database.query(`select t::text as row from walhook.${table} t`));
  expect(await kept('dead_letters')).toContain('422 for Bearer ***');

  status = 409;
  await redrive(pipeline.config, await keysOf(pipeline));
  const letters = await kept('dead_letters');
  expect(letters).toContain('HTTP 409: 409 for Bearer ***');

  status = 410;
  await database.query('insert into orders values (2)');
  await pipeline.drain();
  const endpoints = await kept('endpoints');
  expect(endpoints).toContain('gone: HTTP 410: 410 for Bearer ***');
  expect(letters + endpoints).not.toContain(token);
});

test('nor is the reason of a pause kept with one in it', async () => {
  const auth = { type: 'bearer', token: secret('token') } as const;
  const pipeline = await createPipeline({
    endpoints: [{ name: 'hooks', type: 'http', url: 'https://example.com', auth }],
  });
  const reason = `its token is ${auth.token}`;
  await onPipeline(pipeline, (access) => pauseEndpoint(access, 'hooks', { reason, parks: false }));
  expect(await pipeline.database.query('select paused_reason from walhook.endpoints')).toEqual([
    { paused_reason: 'its token is ***' },
  ]);
});

test('nor does the beginning of one stay where an answer is cut', async () => {
  const auth = { type: 'bearer', token: secret('token') } as const;
  const half = auth.token.slice(0, auth.token.length / 2);
  // What is kept of an answer ends in the middle of the secret.
  const body = 'x'.repeat(1_024 - half.length) + auth.token;
  const receiver = await startReceiver(() => ({ status: 422, body }));
  const endpoints = [{ name: 'hooks', type: 'http', url: receiver.url, auth } as const];
  const { database } = await drainedOrders({ endpoints }, 1);
  const [letter] = await database.query('select detail, answer_body from walhook.dead_letters');
  expect(letter).toMatchObject({ answer_body: expect.stringMatching(/x\*\*\*$/) });
  expect(JSON.stringify(letter)).not.toContain(half);
});
