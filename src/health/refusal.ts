import { type ErrorCode, ERRORS } from '../errors/catalogue.ts';
import { type Condition, type Finding, raised } from './condition.ts';
import type { Fault } from './facts.ts';

/** Of what every drain refuses, the errors with such a code. */
export function refusedFor(isMeant: (code: ErrorCode) => boolean): Condition['look'] {
  return ({ facts: { refusals } }) => {
    if (refusals === null) return null;
    const fault = refusals.find(({ code }) => isMeant(code));
    return [fault === undefined ? NOT_REFUSED : refused(fault)];
  };
}

export const NOT_REFUSED = {
  subject: '',
  kind: 'clear',
  detail: 'It is as it was again.',
} as const;

/** Every drain stops at it. */
export function refused({ code, message, remedy }: Fault): Finding {
  return raised({
    subject: '',
    // What passes by itself is none of a person's doing.
    severity: ERRORS[code].retryable ? 'warning' : 'error',
    blocks: true,
    detail: `${message} (${code})`,
    sentence: sentenceOf(message),
    remedy,
  });
}

export function sentenceOf(text: string): string {
  const upper = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
