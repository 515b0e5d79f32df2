import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRedact } from '../../src/config/redact.ts';
import { createLogger } from '../../src/observability/log.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

test('no secret gets into the report, the state tables or the log, even if the endpoint tells it', async () => {
  const token = `token-${randomBytes(12).toString('hex')}`;
  const signing = `whsec_${randomBytes(32).toString('base64')}`;
  const query = `key-${randomBytes(12).toString('hex')}`;
  const header = `header-${randomBytes(12).toString('hex')}`;
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
  for (const secret of [token, signing, query, header]) expect(told).not.toContain(secret);
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
