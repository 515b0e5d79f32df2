import { expect, test } from 'vitest';
import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { walhook } from './walhook.ts';

test('right after a drain to a URL that takes nothing, status without that URL says why nothing arrives', async () => {
  const receiver = await startReceiver(() => 503);
  const database = await createTestDatabase();
  const env = {
    DATABASE_URL: database.url,
    SLOT_NAME: database.name,
    HTTP_SINK_RETRIES: '0',
  };
  await database.query('create table orders (id int primary key)');
  await initialize(configOf(database));
  expect(await walhook(['status', '--exit-code'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^All is well\./),
  });

  await database.query('insert into orders values (1)');
  expect((await walhook(['drain', '--endpoint-url', receiver.url], env)).code).toBe(3);

  const { code, stdout } = await walhook(['status'], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^! The endpoint "http" did not take its events in its last drain\s/);
  expect(stdout).toContain('503');
  expect(stdout).toMatch(
    /endpoints, none of them configured in this call\n.*\n {2}http {2}not conf/,
  );
  expect(stdout).not.toMatch(/removed|stdout|All is well/);
  expect((await walhook(['status', '--exit-code'], env)).code).toBe(1);
  expect(
    (await walhook(['status', '--exit-code'], { ...env, HTTP_ENDPOINT_URL: receiver.url })).code,
  ).toBe(3);
  const doctor = await walhook(['doctor'], env);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/^FAILED {3}removed endpoints: The endpoint "http" did not take/m);
  expect(doctor.stdout).toMatch(/^warning {2}configured endpoints: none in this call/m);

  // A call that lost its endpoint fails, and is told of until another succeeds.
  expect((await walhook(['drain'], env)).code).toBe(2);
  expect((await walhook(['status'], env)).stdout).toMatch(/^! The last drain failed: no endpoint/);
  receiver.answerWith(() => 204);
  expect((await walhook(['drain', '--endpoint-url', receiver.url], env)).code).toBe(0);
  expect((await walhook(['status'], env)).stdout).toMatch(/^All is well\./);
});
