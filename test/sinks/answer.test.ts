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

test.each(['broke-off', 'cut'] as const)('a success in other words may be %s', (ending) => {
  expect(outcome(200, 'text/html', '<p>', ending)).toMatchObject({ kind: 'delivered' });
  expect(outcome(200, '', 'fine', ending)).toMatchObject({ kind: 'delivered' });
});
