import { z } from 'zod';
import { deadLetterId } from '../operations/dead-letter-selection.ts';
import { DURATION, durationMs } from '../quantities/duration.ts';

// What a caller may say, in its query or its body, and what that stands for.

/**
 * What `read` makes of a text of that form; null: nothing. An error shows what was given, not what it
 * was taken for.
 */
function textFor<T>(form: RegExp, wants: string, read: (text: string) => T | null) {
  return z
    .string(wants)
    .regex(form, wants)
    .transform((text, { issues }) => {
      const value = read(text);
      if (value !== null) return value;
      issues.push({ code: 'custom', message: wants, input: text });
      return z.NEVER;
    });
}

/** Milliseconds of `500ms`, `25s`, `2m`. */
export function durationInput(maxMs: number) {
  const wants = `a time with its unit, like 500ms, 25s or 2m, of ${maxMs / 3_600_000}h at the most`;
  return textFor(DURATION, wants, (text) => within(1, maxMs, durationMs(text)));
}

export function wholeNumberInput(min: number, max: number) {
  const wants = `a whole number from ${min} to ${max}`;
  return z.int(wants).min(min, wants).max(max, wants);
}

/** As a query writes it. */
export function wholeNumberText(min: number, max: number) {
  const wants = `a whole number from ${min} to ${max}`;
  return textFor(/^\d{1,16}$/, wants, (text) => within(min, max, Number(text)));
}

function within(min: number, max: number, value: number | null): number | null {
  return value === null || value < min || value > max ? null : value;
}

const idWants = 'an id: a whole number from 1, as text';

/** Of 64 bits, so that a JSON number would not hold each of them. */
export const idInput = textFor(/^\d{1,19}$/, idWants, deadLetterId);

const lsnWants = 'an LSN, like 0/1BB53F0';

export const lsnInput = z.string(lsnWants).regex(/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/, lsnWants);

const instantWants = 'an instant like 2026-01-31T12:00:00Z';

export const instantInput = z.iso
  .datetime({ offset: true, error: instantWants })
  .transform((text) => new Date(text));

/** A name or a reason. Postgres stores no NUL. */
export function textInput(maxLength: number) {
  const wants = `text of 1 to ${maxLength} characters`;
  return z
    .string(wants)
    .min(1, wants)
    .max(maxLength, wants)
    .regex(/^[^\0]*$/, wants);
}
