import { expect, test } from 'vitest';
import { outcomeOf } from '../../src/sinks/http/answer.ts';
import type { AnswerEnding } from '../../src/sinks/http/http-client.ts';

const outcome = (status: number, type: string, body: string, ending: AnswerEnding) =>
  outcomeOf(
    { status, header: (name) => (name === 'content-type' ? type : null), body, ending },
    0,
    new Map(),
  );

test.each([
  ['broke-off', 'broke off'],
  ['cut', 'is longer than what is read of an answer'],
] as const)('a success whose JSON is %s confirms nothing', (ending, how) => {
  const unavailable = {
    kind: 'unavailable',
    reason: `HTTP 200, but its JSON ${how}: whether all was taken is not known`,
    retryAfterMs: null,
  };
  expect(outcome(200, 'application/json', '["a', ending)).toMatchObject(unavailable);
  expect(outcome(200, 'application/problem+json', '', ending)).toMatchObject(unavailable);
  expect(outcome(200, 'text/plain', ' {"a":', ending)).toMatchObject(unavailable);
});

test('a success in other words may be longer than what is read of it', () => {
  expect(outcome(200, 'text/html', '<p>', 'cut')).toMatchObject({ kind: 'delivered' });
  expect(outcome(200, '', 'fine', 'cut')).toMatchObject({ kind: 'delivered' });
});

test.each([
  ['broke-off', 'the answer broke off'],
  ['unreadable', 'it cannot be read'],
] as const)('a success in other words confirms nothing where it is %s', (ending, how) => {
  for (const type of ['text/html', '']) {
    expect(outcome(200, type, '', ending)).toMatchObject({
      kind: 'unavailable',
      reason: `HTTP 200, but ${how}: whether all was taken is not known`,
    });
  }
});

test.each([400, 413, 503])('what %i means does not depend on what is read of it', (status) => {
  const whole = outcome(status, 'text/plain', '', 'whole');
  for (const ending of ['broke-off', 'cut', 'unreadable'] as const) {
    expect(outcome(status, 'text/plain', '', ending)).toEqual(whole);
  }
});

test('a list is read however its name is written', () => {
  const body = String.raw`{"\u0062atchItemFailures":[{"itemIdentifier":"a"}]}`;
  expect(outcome(200, 'application/json', body, 'whole')).toMatchObject({
    kind: 'partial',
    failedIds: ['a'],
  });
});
