import { expect, test } from 'vitest';
import { wrapText } from '../../src/entry/cli/wrapped-text.ts';
import { openRefusingShop } from './refusing-shop.ts';

test('list says what is wrong first, then a line an endpoint', async () => {
  const { walhook } = await openRefusingShop();
  const { code, stdout } = await walhook('endpoints', 'list');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^! The endpoint "http" has 3 dead letters\. See walhook dead-letters list --endpoint http\n\n {2}name {2}state {3}delivered {2}parked {2}dead {2}failed {2}saved\n {2}http {2}active {2}0 {10}0 {7}3 /,
  );
  const json = await walhook('endpoints', 'list', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    pipeline: 'walhook',
    endpoints: [{ name: 'http', state: 'active', dead_letters: 3, paused: null, waiting: null }],
    troubles: [expect.stringContaining('dead letters')],
  });
});

test('pause and resume say what they mean, in words and as JSON', async () => {
  const { receiver, database, walhook } = await openRefusingShop();
  const paused = await walhook('endpoints', 'pause', 'http', '--reason', 'moving', '--json');
  expect(paused).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(paused.stdout)).toEqual({
    endpoint: 'http',
    paused: true,
    parks: false,
    reason: 'moving',
  });
  await database.query('insert into orders values (4)');
  const sentBefore = receiver.requests.length;
  expect(await walhook('drain')).toMatchObject({ code: 3 });
  const status = await walhook('status');
  expect(status.stdout).toMatch(
    /^! The endpoint "http" has been paused for .* \(moving\): its events wait in the slot, which cannot move on\. walhook endpoints resume http, or let them be parked: walhook endpoints pause http --park\n/,
  );
  expect(status.stdout).toMatch(/^ {2}http {2}paused /m);
  const doctor = await walhook('doctor');
  expect(doctor.stdout).toMatch(
    /^warning {2}paused endpoints: The endpoint "http" has been paused for .* \(moving\): .* cannot move on\.\n {9}→ walhook endpoints resume http, or/m,
  );

  const parking = await walhook('endpoints', 'pause', 'http', '--park');
  expect(parking.stderr).toBe(
    'paused "http": until walhook endpoints resume http, its events are parked\n',
  );
  await walhook('drain');
  expect((await walhook('endpoints', 'list')).stdout).toMatch(
    /^! .*\(by hand\): 1 event \(\d+ bytes\) is parked for it\. [^]*^ {2}http {2}paused, parks {2}0 {10}1 \(\d+ bytes\)/m,
  );
  expect(receiver.requests.length).toBe(sentBefore);

  const resumed = await walhook('endpoints', 'resume', 'http', '--json');
  expect(resumed).toMatchObject({ code: 0, stdout: '{"endpoint":"http","resumed":true}\n' });
  const again = await walhook('endpoints', 'resume', 'http');
  expect(again).toMatchObject({
    code: 0,
    stderr: '"http" was not paused, and waits for nothing\n',
  });
});

test('an endpoint that is not there is 2, with the one that was meant', async () => {
  const { walhook } = await openRefusingShop();
  for (const command of ['pause', 'resume', 'test']) {
    const { code, stdout, stderr } = await walhook('endpoints', command, 'htpp');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('there is no endpoint "htpp"; did you mean "http"?');
  }
  expect(await walhook('endpoints', 'pause')).toMatchObject({ code: 2 });
  expect(await walhook('endpoints')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Usage: walhook endpoints'),
  });
});

test('a test event ends with what came back and how long it took; refused is 3', async () => {
  const { receiver, walhook } = await openRefusingShop();
  const refused = await walhook('endpoints', 'test', 'http');
  expect(refused.code).toBe(3);
  expect(refused.stdout).toMatch(
    /^"http" did not take it: rejected, HTTP 422 after \d.*s\nevent 0{16}-[0-9A-F]{8}\n\nno amount\n$/,
  );
  receiver.answerWith(() => ({ status: 201, body: 'thanks' }));
  const taken = await walhook('endpoints', 'test', 'http', '--json');
  expect(taken.code).toBe(0);
  expect(JSON.parse(taken.stdout)).toEqual({
    endpoint: 'http',
    event_id: expect.stringMatching(/^0{16}-/),
    outcome: 'delivered',
    reason: null,
    latency_ms: expect.any(Number),
    answer: { status: 201, body: 'thanks' },
  });
  receiver.answerWith(() => 'reset');
  const broken = await walhook('endpoints', 'test', 'http');
  expect(broken.code).toBe(3);
  expect(broken.stdout).toMatch(/did not take it: unavailable, after .*\n.*connection failed/s);
});

test('what is wrong is wrapped between words, and goes on below its beginning', () => {
  expect(wrapText('! The endpoint takes nothing', 14, '  ')).toEqual([
    '! The endpoint',
    '  takes',
    '  nothing',
  ]);
  expect(wrapText('! walhook endpoints resume', 5, '  ')).toEqual([
    '!',
    '  walhook',
    '  endpoints',
    '  resume',
  ]);
  expect(wrapText('one two', Infinity, '  ')).toEqual(['one two']);
});
