import { expect, test } from 'vitest';
import { startReceiver } from './receiver.ts';

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'x-test': 'yes' } });

test('a receiver records requests and the events in them, in order', async () => {
  const receiver = await startReceiver();
  await post(`${receiver.url}a`, { id: 'batch', events: [{ id: 1 }, { id: 2 }] });
  await post(`${receiver.url}b`, [{ id: 3 }]);
  await post(`${receiver.url}c`, { id: 4 });
  expect(receiver.events()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  expect(receiver.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /a',
    'POST /b',
    'POST /c',
  ]);
  expect(receiver.requests[0]?.headers['x-test']).toBe('yes');
  expect(receiver.requests[2]?.body.toString()).toBe('{"id":4}');
});

test('a receiver answers as it is told, and can be told anew', async () => {
  const receiver = await startReceiver((_request, nth) =>
    nth === 1 ? { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' } : undefined,
  );
  const first = await post(receiver.url, {});
  expect([first.status, first.headers.get('retry-after'), await first.text()]).toEqual([
    429,
    '7',
    'slow down',
  ]);
  expect((await post(receiver.url, {})).status).toBe(204);
  receiver.answerWith(() => 'reset');
  await expect(post(receiver.url, {})).rejects.toThrow('fetch failed');
});

test('waiting ends with the request that was waited for, or with the receiver', async () => {
  const receiver = await startReceiver(() => 'hang');
  const second = receiver.waitFor(({ requests }) => requests.length === 2);
  const third = receiver.waitFor(({ requests }) => requests.length === 3);
  const unanswered = [post(receiver.url, {}), post(receiver.url, {})];
  await second;
  expect(receiver.requests).toHaveLength(2);
  const broken = Promise.allSettled([...unanswered, third]);
  await receiver.close();
  expect((await broken).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
