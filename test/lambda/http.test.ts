import { beforeAll, expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { bundled } from './bundle.ts';
import { type Container, startContainer } from './container.ts';
import { httpEvent, schedule, type Sent } from './events.ts';
import { secret } from '../support/secrets.ts';

const TOKEN = secret('token');

const receiver = await startReceiver();
const pipeline = await createPipeline(
  { endpoints: [{ name: 'orders', type: 'http', url: receiver.url }] },
  'create table t (id int primary key)',
);
const env = {
  DATABASE_URL: pipeline.database.url,
  SLOT_NAME: pipeline.config.slot,
  ENDPOINT: receiver.url,
  TOKEN,
};
let container: Container;
beforeAll(async () => {
  container = await startContainer(bundled('test/lambda/configured-handler.mjs'), env);
});

type Answer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** With the token, unless it is sent otherwise. Every request is answered, and leaves nothing open. */
async function ask(sent: Sent = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...sent.headers };
  const invoked = await container.invoke(httpEvent({ ...sent, headers }));
  expect(invoked).toMatchObject({ kind: 'response', left: [] });
  return invoked!.body as Answer;
}

const codeOf = ({ body }: Answer): unknown => (JSON.parse(body) as { code: unknown }).code;

test.each(['function-url', 'http-api'] as const)('a %s event drains', async (by) => {
  const before = receiver.requests.length;
  await pipeline.database.query('insert into t select count(*) from t');

  const answer = await ask({ by });

  expect(answer).toMatchObject({
    statusCode: 200,
    isBase64Encoded: false,
    headers: { 'content-type': expect.stringContaining('application/json') },
  });
  expect(JSON.parse(answer.body)).toMatchObject({ status: 'caught_up', events: 1 });
  expect(receiver.requests.length).toBe(before + 1);
});

test('a REST API event drains, too', async () => {
  await pipeline.database.query('insert into t select count(*) from t');
  const authorization = `Bearer ${TOKEN}`;

  const invoked = await container.invoke({
    resource: '/{proxy+}',
    path: '/drain',
    httpMethod: 'POST',
    headers: { authorization },
    multiValueHeaders: { authorization: [authorization] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: 'drain' },
    stageVariables: null,
    requestContext: { stage: 'prod', path: '/prod/drain', httpMethod: 'POST' },
    body: null,
    isBase64Encoded: false,
  });

  const { statusCode, body } = invoked!.body as Answer;
  expect(statusCode).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ status: 'caught_up', events: 1 });
});

test('an event that says nothing of its request is refused, and no drain', async () => {
  const invoked = await container.invoke({ requestContext: {} });
  expect(invoked).toMatchObject({ kind: 'response', body: { statusCode: 401 } });
});

test('GET drains too, for callers that know nothing else', async () => {
  expect((await ask({ method: 'GET' })).statusCode).toBe(200);
});

test('a schedule in between is a schedule', async () => {
  expect(await container.invoke(schedule)).toMatchObject({ body: { status: 'caught_up' } });
});

test.each([
  ['none', {}],
  ['a wrong one', { authorization: 'Bearer the-token-of-that-test' }],
  ['one that is not sent as a token', { authorization: TOKEN }],
  ['one with a character that no header has', { authorization: `Bearer ${TOKEN}é` }],
])('a request with %s for a token is refused', async (_name, headers: Record<string, string>) => {
  const invoked = await container.invoke(httpEvent({ headers }));

  const answer = invoked!.body as Answer;
  expect(answer).toMatchObject({ statusCode: 401 });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(codeOf(answer)).toBe('unauthorized');
});

test('a request from the same machine needs the token as well, whatever its headers say', async () => {
  const headers = { 'x-forwarded-for': '127.0.0.1', host: 'localhost', authorization: '' };
  expect((await ask({ headers })).statusCode).toBe(401);
});

test('a body counts, plain and in base64', async () => {
  const headers = { 'content-type': 'application/json' };
  const body = '{"maxChanges":1}';
  for (const sent of [
    { body },
    { body: Buffer.from(body).toString('base64'), isBase64Encoded: true },
  ]) {
    await pipeline.database.query('insert into t select count(*) from t');
    await pipeline.database.query('insert into t select count(*) from t');
    const answer = await ask({ ...sent, headers });
    expect(answer.statusCode).toBe(202);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'deadline', events: 1 });
    expect((await ask()).statusCode).toBe(200);
  }
});

test.each<[string, number, string, Sent]>([
  ['a body that is no JSON', 400, 'request_invalid', { body: '{' }],
  ['a body that is no UTF-8', 400, 'request_invalid', { body: '/w==', isBase64Encoded: true }],
  ['an option that there is not', 400, 'request_invalid', { body: '{"speed":9}' }],
  ['a body that is too large', 413, 'request_too_large', { body: 'x'.repeat(70_000) }],
  ['a path that there is not', 404, 'route_unknown', { path: '/prod/../drain%00' }],
  ['a method that there is not', 405, 'method_not_allowed', { method: 'PUT' }],
])('%s is answered with %i', async (_name, status, code, sent) => {
  const answer = await ask({ headers: { 'content-type': 'application/json' }, ...sent });
  expect({ status: answer.statusCode, code: codeOf(answer) }).toEqual({ status, code });
});

test('an endpoint that holds its events is a 503, and no failed invocation', async () => {
  await pipeline.database.query('insert into t select count(*) from t');
  receiver.answerWith(() => 401);
  const answer = await ask();
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();

  expect(answer.statusCode).toBe(503);
  expect(JSON.parse(answer.body)).toMatchObject({ status: 'held' });
  expect((await ask()).statusCode).toBe(200);
});

test('a caller cannot make a drain outlast the invocation', async () => {
  await pipeline.database.query(
    'insert into t select n from generate_series((select count(*) from t), 20000) n',
  );
  receiver.answerWith(
    () => (response) => void setTimeout(() => response.writeHead(204).end(), 200),
  );
  const headers = { authorization: `Bearer ${TOKEN}` };
  const event = httpEvent({ query: 'deadline=10m', headers });

  const invoked = await container.invoke(event, 4_000);
  receiver.answerWith(() => 204);

  expect(invoked).toMatchObject({ kind: 'response', body: { statusCode: 202 }, left: [] });
  expect((await ask()).statusCode).toBe(200);
});

test('the page, the metrics and the health are served as what they are', async () => {
  expect(await typeOf('/')).toContain('text/html');
  expect(await typeOf('/metrics')).toContain('text/plain');
  expect(await typeOf('/health')).toContain('application/json');
});

async function typeOf(path: string): Promise<string | undefined> {
  const { statusCode, headers } = await ask({ method: 'GET', path });
  expect(statusCode).toBe(200);
  return headers['content-type'];
}

test('the token is in no line of the log', () => {
  expect(container.log()).not.toContain(TOKEN);
});
