import { expect, test } from 'vitest';
import { drasiOutcome } from '../../src/sinks/drasi/answer.ts';
import { drasiBatchUrl } from '../../src/sinks/drasi/batch-url.ts';

const outcome = (status: number, body: unknown, overrides = new Map()) =>
  drasiOutcome(
    {
      status,
      header: (name) => (name === 'retry-after' && status === 503 ? '2' : null),
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ending: 'whole',
    },
    0,
    overrides,
  );

test.each([
  [200, { success: true, message: 'All 2 events processed successfully' }, 'delivered'],
  [
    200,
    { success: true, message: 'All 2 events processed successfully', error: null },
    'delivered',
  ],
  [200, {}, 'delivered'],
  [200, '<!doctype html><title>Sign in</title>', 'misconfigured'],
  [200, '', 'misconfigured'],
  [200, [], 'misconfigured'],
  [200, 'null', 'misconfigured'],
  [200, '"fine"', 'misconfigured'],
  [201, { success: true, message: 'All …' }, 'misconfigured'],
  [202, {}, 'misconfigured'],
  [204, '', 'misconfigured'],
  [200, { success: true, message: 'Processed 1 …', error: 'Invalid number value' }, 'rejected'],
  [
    200,
    { success: true, message: 'Processed 1 …', error: 'Internal channel error' },
    'unavailable',
  ],
  [
    400,
    { success: false, message: 'All 2 events failed', error: 'Invalid number value' },
    'rejected',
  ],
  [400, { success: false, message: 'All …', error: 'Internal channel error' }, 'unavailable'],
  [
    400,
    { message: 'Source name mismatch', error: "Expected source 'a', got 'b'" },
    'misconfigured',
  ],
  [400, 'Failed to parse the request body as JSON', 'rejected'],
  [404, '', 'misconfigured'],
  [413, 'length limit exceeded', 'too_large'],
  [415, 'Expected request with `Content-Type: application/json`', 'rejected'],
  [422, 'Failed to deserialize the JSON body into the target type', 'rejected'],
  [503, { success: false, message: 'WAL is full', error: 'WAL is full' }, 'unavailable'],
])('%i with %j is: %s', (status, body, kind) => {
  expect(outcome(status, body)).toMatchObject({ kind });
});

test.each(['broke-off', 'unreadable'] as const)(
  'an answer that is %s says neither that it was taken nor that it was refused',
  (ending) => {
    for (const status of [200, 400]) {
      const answer = { status, header: () => null, body: '', ending };
      expect(drasiOutcome(answer, 0, new Map())).toMatchObject({ kind: 'unavailable' });
    }
  },
);

test('what is left of the answer is for a person to read', () => {
  expect(outcome(503, { error: 'WAL is full' })).toEqual({
    kind: 'unavailable',
    reason: 'HTTP 503: {"error":"WAL is full"}',
    retryAfterMs: 2_000,
    answer: { status: 503, body: '{"error":"WAL is full"}' },
  });
});

test('what is not its answer is said so', () => {
  expect(outcome(200, '<title>Sign in</title>')).toEqual({
    kind: 'misconfigured',
    reason: 'not an answer of Drasi: HTTP 200: <title>Sign in</title>',
    retryAfterMs: null,
    answer: { status: 200, body: '<title>Sign in</title>' },
  });
});

test('an operator who knows better is believed', () => {
  expect(outcome(202, '', new Map([[202, 'delivered']]))).toMatchObject({ kind: 'delivered' });
  const overrides = new Map([[400, 'unavailable']]);
  expect(outcome(400, { message: 'Source name mismatch', error: 'x' }, overrides)).toMatchObject({
    kind: 'unavailable',
  });
});

test("a source's path is built under the address, whatever its id", () => {
  const path = '/sources/shop/events/batch';
  expect(drasiBatchUrl('http://drasi:8080', 'shop')).toBe(`http://drasi:8080${path}`);
  expect(drasiBatchUrl('http://proxy/drasi/', 'shop')).toBe(`http://proxy/drasi${path}`);
  expect(drasiBatchUrl('http://d', 'a%b')).toBe('http://d/sources/a%25b/events/batch');
});
