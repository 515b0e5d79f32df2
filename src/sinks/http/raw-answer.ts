import { textOf } from './answer-text.ts';
import type { AnswerEnding, HttpAnswer } from './http-client.ts';

/** An answer whose body is still bytes. */
export type RawAnswer = Pick<HttpAnswer, 'status' | 'header' | 'ending'> & {
  readonly bytes: Uint8Array;
  /** What is read of it at the most. */
  readonly answerBytes: number;
};

export function answerOf({ status, header, bytes, ending }: RawAnswer): HttpAnswer {
  const body = ending === 'unreadable' ? null : textOf(bytes, header('content-type'));
  return body === null
    ? { status, header, body: '', ending: 'unreadable' satisfies AnswerEnding }
    : { status, header, body, ending };
}
