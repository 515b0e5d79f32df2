import { expect, test } from 'vitest';
import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase } from '../support/database.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { walhook } from './walhook.ts';

/** Set up, with one order that waits; no endpoint is in the environment. */
async function openShop() {
  const database = await createTestDatabase();
  await database.query('create table orders (id int primary key)');
  await initialize(configOf(database));
  await database.query('insert into orders values (1)');
  const env = { DATABASE_URL: database.url, SLOT_NAME: database.name, HTTP_SINK_RETRIES: '0' };
  const drainTo = ({ url }: Receiver) => walhook(['drain', '--endpoint-url', url], env);
  return { env, drainTo };
}

test('right after a drain to a URL that takes nothing, status without that URL says why nothing arrives', async () => {
  const receiver = await startReceiver(() => 503);
  const { env, drainTo } = await openShop();
  expect((await drainTo(receiver)).code).toBe(3);

  const withUrl = { ...env, HTTP_ENDPOINT_URL: receiver.url };
  const [status, scripted, named, doctor] = await Promise.all([
    walhook(['status'], env),
    walhook(['status', '--exit-code'], env),
    walhook(['status', '--exit-code'], withUrl),
    walhook(['doctor'], env),
  ]);
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(
    /^! The endpoint "http" did not take its events in its last drain\s/,
  );
  expect(status.stdout).toContain('503');
  expect(status.stdout).toMatch(
    /endpoints, none of them configured in this call\n.*\n {2}http {2}not conf/,
  );
  expect(status.stdout).not.toMatch(/removed|stdout|All is well/);
  expect([scripted.code, named.code]).toEqual([1, 3]);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/^FAILED {3}removed endpoints: The endpoint "http" did not take/m);
  expect(doctor.stdout).toMatch(/^warning {2}configured endpoints: none in this call/m);
});

test('a drain that failed is told of until another succeeds', async () => {
  const receiver = await startReceiver();
  const { env, drainTo } = await openShop();
  expect((await drainTo(receiver)).code).toBe(0);
  expect((await walhook(['drain'], env)).code).toBe(2);
  expect((await walhook(['status'], env)).stdout).toMatch(/^! The last drain failed: no endpoint/);

  expect((await drainTo(receiver)).code).toBe(0);
  expect(await walhook(['status', '--exit-code'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^All is well\./),
  });
});
