import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase } from '../support/database.ts';
import { ACCOUNT, startMailServer } from '../support/mail-server.ts';
import { startReceiver } from '../support/receiver.ts';
import { walhook } from './walhook.ts';
import { secret } from '../support/secrets.ts';

/** A deployment with a failing endpoint, and nothing but variables. */
async function failingShop(mailPort: number): Promise<Record<string, string>> {
  const receiver = await startReceiver(() => 503);
  const database = await createTestDatabase();
  await database.query('create table orders (id int primary key)');
  await initialize(configOf(database));
  await database.query('insert into orders values (1)');
  return {
    DATABASE_URL: database.url,
    SLOT_NAME: database.name,
    HTTP_ENDPOINT_URL: receiver.url,
    HTTP_SINK_RETRIES: '0',
    EMAIL_SMTP_HOST: 'localhost',
    EMAIL_SMTP_PORT: String(mailPort),
    EMAIL_SMTP_USERNAME: ACCOUNT.username,
    EMAIL_SMTP_PASSWORD: ACCOUNT.password,
    EMAIL_FROM: 'walhook@example.com',
    EMAIL_TO: 'admin@example.com, ops@example.com',
    WALHOOK_ALERT_RULES_ENDPOINT_DOWN_MS: '0',
    NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../fixtures/tls/cert.pem', import.meta.url)),
  };
}

test('the variables alone have a drain send mail, which is not its result', async () => {
  const server = await startMailServer();
  const { code, stdout, stderr } = await walhook(['drain'], await failingShop(server.port));
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain('alert sent');
  expect(server.mails).toMatchObject([
    {
      from: 'walhook@example.com',
      to: ['admin@example.com', 'ops@example.com'],
      secure: true,
      user: ACCOUNT.username,
    },
  ]);
  expect(server.mails[0]!.headers.get('subject')).toBe('[walhook walhook] Endpoint "http" is down');
});

test('a mail that cannot be sent is a warning beside the result, without the password', async () => {
  const server = await startMailServer();
  const env = { ...(await failingShop(server.port)), EMAIL_SMTP_PASSWORD: secret('wrong') };
  const { code, stderr } = await walhook(['drain'], env);
  expect(code).toBe(3);
  expect(stderr).toMatch(/an alert could not be sent; the next drain tries again.*EAUTH/);
  expect(stderr).not.toContain(secret('wrong'));
});
