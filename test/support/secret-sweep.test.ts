import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createTransport } from 'nodemailer';
import { afterEach, expect, test } from 'vitest';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { createLogger } from '../../src/observability/log.ts';
import { createTestDatabase } from './database.ts';
import { MAIL_CERTIFICATE, startMailServer } from './mail-server.ts';
import { createPipeline } from './pipeline.ts';
import { startReceiver } from './receiver.ts';
import { failOnFindings, sweep, takeFindings } from './secret-sweep.ts';
import { secret, signingSecret } from './secrets.ts';
import { answersAreSwept } from './watched-answers.ts';

// What these tests let out is theirs to find.
afterEach(() => void takeFindings());

const LEAK = secret('leak');
const found = (place: string) => [expect.stringContaining(place)];

test('a file in which a secret was told fails, and says which and where', () => {
  sweep('a line of the log', `{"msg":"sent with ${LEAK}"}`);
  expect(failOnFindings).toThrow(/^Secrets were told in\na line of the log: .*leak-Hush7/);
  expect(failOnFindings).not.toThrow();
});

test.each([
  ['a password in a URL', `postgres://me:${LEAK}@db/shop`],
  ['a login in base64', `Basic ${btoa(`a:${LEAK}`)}`],
  ['one that begins a byte later', `Basic ${btoa(`me:${LEAK}`)}`],
  ['and another', `Basic ${btoa(`you:${LEAK}`)}`],
  ['a signing secret', signingSecret('orders')],
  ['its key', signingSecret('orders').slice('whsec_'.length)],
  ['JSON within JSON', JSON.stringify(JSON.stringify({ token: LEAK }))],
])('%s is seen', (_what, text) => {
  sweep('a text', text);
  sweep('bytes', Buffer.from(text));
  expect(takeFindings()).toHaveLength(2);
});

test('what has no secret in it is none', () => {
  sweep('a text', 'postgres://me:***@db/shop, whsec_***, leak-Hush');
  expect(takeFindings()).toEqual([]);
});

test('a line of a log is swept', () => {
  const options = { level: 'info', format: 'json', write: () => undefined } as const;
  createLogger({ ...options, redact: String }).info(LEAK);
  expect(takeFindings()).toEqual(found('a line of the log'));
});

test('an error is swept, as soon as there is one', () => {
  const remedy = `log in with ${LEAK}`;
  expect(new WalhookError('config_invalid', 'wrong', { remedy })).toBeInstanceOf(WalhookError);
  expect(takeFindings()).toEqual(found('an error config_invalid'));
});

test('what a process prints and complains is swept, also in pieces', async () => {
  const [first, second] = [LEAK.slice(0, 8), LEAK.slice(8)];
  const program = `
    process.stdout.write(${JSON.stringify(first)}, () =>
      setImmediate(() => process.stdout.write(${JSON.stringify(second)})));
    process.stderr.write(${JSON.stringify(LEAK)});`;
  const child = spawn(process.execPath, ['-e', program]);
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
  const all = takeFindings().join('\n');
  expect(all).toContain('what a process prints');
  expect(all).toContain('what a process complains');
});

test('what this process prints is swept', () => {
  // oxlint-disable-next-line no-console
  console.log(LEAK);
  process.stdout.write(`${LEAK}\n`);
  expect(takeFindings()).toEqual([
    expect.stringContaining('the console'),
    expect.stringContaining('what this process prints'),
  ]);
});

test('an answer is swept, its headers too', async () => {
  const receiver = await startReceiver(({ path }) => ({
    status: 200,
    headers: path === '/head' ? { 'x-leak': LEAK } : {},
    body: path === '/body' ? LEAK : 'well',
  }));
  for (const path of ['head', 'body', 'none']) await fetch(receiver.url + path);
  await answersAreSwept();
  expect(takeFindings().sort()).toEqual([
    expect.stringMatching(/^the answer of \/body: .*leak-/),
    expect.stringMatching(/^the answer of \/head: .*x-leak: leak-/),
  ]);
});

test('of a drain its log, its report, its state and what it sends are swept', async () => {
  // Nobody has told walhook that this is a secret.
  const receiver = await startReceiver(() => ({ status: 401, body: `who is ${LEAK}?` }));
  const endpoints = [{ name: 'hooks', type: 'http' as const, url: receiver.url }];
  const table = 'create table t (id int primary key, note text)';
  const { database, drain } = await createPipeline({ endpoints }, table);
  await database.query('insert into t values (1, $1)', [LEAK]);
  await drain();
  await database.dropSlotsAndDatabase();

  const places = new Set(takeFindings().map((finding) => finding.replace(/: .*/s, '')));
  expect([...places].sort()).toEqual([
    'a line of the log',
    'a report',
    'a row of walhook.endpoints',
    'a row of walhook.runs',
    'the body of a request',
  ]);
});

test('a mail is swept', async () => {
  const { port } = await startMailServer();
  const mailer = createTransport({ host: 'localhost', port, tls: { ca: MAIL_CERTIFICATE } });
  const to = { from: 'a@example.com', to: 'b@example.com' };
  await mailer.sendMail({ ...to, subject: 'well', text: `${'ä'.repeat(60)} ${LEAK}` });
  await mailer.sendMail({ ...to, subject: `ü ${LEAK}`, text: 'well' });
  mailer.close();
  expect(takeFindings()).toEqual([...found('a mail'), ...found('a mail')]);
});

test('the password of a test server is known for a secret', async () => {
  const { url } = await createTestDatabase();
  sweep('a text', url);
  expect(takeFindings()).toEqual(found('a text'));
});
