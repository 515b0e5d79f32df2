import { once } from 'node:events';
import { expect, test } from 'vitest';
import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { ended, startWalhook, walhook } from './walhook.ts';

const ORDERS = 'create table orders (id int primary key, status text)';

async function createShop(
  rows = 3,
): Promise<{ database: TestDatabase; env: Record<string, string> }> {
  const database = await createTestDatabase();
  await database.query(ORDERS);
  const env = { DATABASE_URL: database.url, SLOT_NAME: database.name };
  await initialize(configOf(database));
  await database.query(`insert into orders select n, 'new' from generate_series(1, ${rows}) n`);
  return { database, env };
}

test('drain --init sets up and drains; the next one delivers, and says so in few words', async () => {
  const receiver = await startReceiver();
  const database = await createTestDatabase();
  await database.query(ORDERS);
  const env = { DATABASE_URL: database.url, SLOT_NAME: database.name };
  const args = ['drain', '--init', '--endpoint-url', receiver.url, '--tables', 'orders'];
  const first = await walhook(args, env);
  expect(first.stderr).toMatch(/created {7} {1,}publication[^]*caught up: 0 events/);
  expect(first.code).toBe(0);

  await database.query(`insert into orders values (1, 'new'), (2, 'new')`);
  const second = await walhook(args, env);
  expect(second.code).toBe(0);
  expect(second.stdout).toBe('');
  expect(second.stderr).toMatch(/caught up: 2 events of 1 transaction in .*; the slot stands at /);
  expect(second.stderr).toContain('  http: 2 delivered');
  expect(receiver.events().map(({ op }) => op)).toEqual(['insert', 'insert']);
});

test('drain --json prints the report, and nothing else, on stdout', async () => {
  const receiver = await startReceiver();
  const { env } = await createShop();
  const { code, stdout, stderr } = await walhook(['drain', '--json'], {
    ...env,
    HTTP_ENDPOINT_URL: receiver.url,
  });
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toHaveLength(2);
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'caught_up',
    events: 3,
    transactions: 1,
    error: null,
    endpoints: [{ name: 'http', delivered: 3, parked: 0, state: 'active' }],
  });
});

test('with the stdout sink events are lines on stdout, and the report goes to stderr', async () => {
  const { env } = await createShop();
  const { code, stdout, stderr } = await walhook(['drain', '--json'], env);
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { after: unknown });
  expect(events.map(({ after }) => after)).toEqual([
    { id: 1, status: 'new' },
    { id: 2, status: 'new' },
    { id: 3, status: 'new' },
  ]);
  expect(JSON.parse(stderr)).toMatchObject({ status: 'caught_up', events: 3 });
});

test('whoever stops reading stdout early leaves the rest in the slot', async () => {
  const { env } = await createShop(50_000);
  const child = startWalhook(['drain', '--json'], env);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const { code, stderr } = await ended(child);
  expect(code).toBe(3);
  expect(JSON.parse(stderr.trim().split('\n').at(-1)!)).toMatchObject({
    status: 'held',
    endpoints: [{ state: 'held', error: expect.stringContaining('standard output is closed') }],
  });
  const { stdout } = await walhook(['peek', '--limit', '1'], env);
  expect(JSON.parse(stdout)).toMatchObject({ op: 'insert' });
});

test('an endpoint that is down is 3, with the reason and where its events wait', async () => {
  const receiver = await startReceiver(() => 503);
  const { env } = await createShop();
  const http = { HTTP_ENDPOINT_URL: receiver.url, HTTP_SINK_RETRIES: '0' };
  const { code, stderr } = await walhook(['drain'], { ...env, ...http });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^held: /m);
  expect(stderr).toMatch(
    /http: 0 delivered, \d failed tries; held: .*503.*Its events wait in the slot/,
  );
});

test('another drainer with the lease is 4', async () => {
  const { database, env } = await createShop();
  await database.query(`update walhook.pipelines
    set lease_owner = 'somebody', lease_expires_at = now() + interval '1 hour'`);
  const text = await walhook(['drain'], env);
  expect(text.code).toBe(4);
  expect(text.stderr).toContain('busy: another drainer has the lease');
  const json = await walhook(['drain', '--json', '--endpoint-url', 'http://127.0.0.1:1/'], env);
  expect(json.code).toBe(4);
  expect(JSON.parse(json.stdout)).toMatchObject({ status: 'busy', error: null });
});

test('--max-changes stops cleanly, and the next drain goes on there', async () => {
  const receiver = await startReceiver();
  const { env } = await createShop(10);
  const http = { ...env, HTTP_ENDPOINT_URL: receiver.url, WALHOOK_MAX_CHANGES: '4' };
  const first = await walhook(['drain', '--json'], http);
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ status: 'deadline', events: 4 });
  expect((await walhook(['drain'], { ...http, WALHOOK_MAX_CHANGES: '' })).code).toBe(0);
  const seqs = receiver.events().map(({ seq }) => Number(seq));
  expect(seqs.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  '%s stops a drain cleanly; the second one ends it at once',
  async (signal, exitCode) => {
    const receiver = await startReceiver(() => 'hang');
    const { env } = await createShop();
    const child = startWalhook(['drain'], { ...env, HTTP_ENDPOINT_URL: receiver.url });
    const end = ended(child);
    await receiver.waitFor(({ requests }) => requests.length === 1);
    child.kill(signal);
    await once(child.stderr, 'data');
    child.kill(signal);
    const { code, stderr } = await end;
    expect(stderr).toContain(`${signal}: stopping; once more to exit at once`);
    expect(code).toBe(exitCode);
  },
);

test('a drain that is asked to stop ends by itself once the request under way is answered', async () => {
  let answer!: (status: number) => void;
  const answered = new Promise<number>((resolve) => (answer = resolve));
  const receiver = await startReceiver(() => answered);
  const { env } = await createShop();
  const child = startWalhook(['drain', '--json'], { ...env, HTTP_ENDPOINT_URL: receiver.url });
  const end = ended(child);
  await receiver.waitFor(({ requests }) => requests.length === 1);
  child.kill('SIGTERM');
  answer(204);
  const { code, stdout } = await end;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ endpoints: [{ delivered: 3 }] });
});

test('peek, status and doctor read; destroy takes down, and only with consent', async () => {
  const { env } = await createShop();
  const peeked = await walhook(['peek', '--limit', '2'], env);
  expect(peeked.code).toBe(0);
  expect(peeked.stdout.trim().split('\n')).toHaveLength(2);

  const status = await walhook(['status'], env);
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(/^All is well\.\n/);
  expect(JSON.parse((await walhook(['status', '--json'], env)).stdout)).toMatchObject({
    troubles: [],
    slot: { name: env['SLOT_NAME'], exists: true },
  });

  const doctor = await walhook(['doctor'], env);
  expect(doctor.stdout).toContain('ok       wal_level: logical');
  expect(doctor.code).toBe(0);

  const refused = await walhook(['destroy'], env);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--yes');
  const destroyed = await walhook(['destroy', '--yes'], env);
  expect(destroyed.code).toBe(0);
  expect(destroyed.stderr).toMatch(/^This drops the slot .*\ndropped {4}slot/);
  expect((await walhook(['doctor'], env)).code).toBe(1);
});

test('a call that lost its endpoint does not print what the endpoint is to get, unless that is meant', async () => {
  const receiver = await startReceiver();
  const { database, env } = await createShop(1);
  await walhook(['drain'], { ...env, HTTP_ENDPOINT_URL: receiver.url });
  await database.query(`insert into orders values (2, 'new')`);

  // Empty counts as unset; a partial Hook0 and a switch that is off leave no endpoint either.
  for (const lost of [
    { HTTP_ENDPOINT_URL: '' },
    { HTTP_SINK_ENABLED: 'false' },
    { HOOK0_API_URL: 'https://hook0.example.com' },
  ]) {
    const refused = await walhook(['drain'], { ...env, ...lost });
    expect(refused.code).toBe(2);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(/endpoints_missing[^]*"http"|"http"[^]*endpoints_missing/);
    expect(refused.stderr).toContain('EVENT_SINK=stdout');
  }
  const waits = await walhook(['drain', '--endpoint-url', receiver.url], env);
  expect(waits.code).toBe(0);
  expect(receiver.events().map(({ key }) => key)).toEqual([{ id: 1 }, { id: 2 }]);

  await database.query(`insert into orders values (3, 'new')`);
  const meant = await walhook(['drain'], { ...env, EVENT_SINK: 'stdout' });
  expect(meant.code).toBe(0);
  expect(meant.stdout).toContain('"id":3');
});

test('a pipeline that printed from the beginning goes on printing', async () => {
  const { database, env } = await createShop(1);
  expect((await walhook(['drain'], env)).code).toBe(0);
  await database.query(`insert into orders values (2, 'new')`);
  const { code, stdout } = await walhook(['drain'], env);
  expect(code).toBe(0);
  expect(stdout).toContain('"id":2');
});
