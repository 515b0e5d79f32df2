import { z } from 'zod';
import { choice, wholeNumber } from './option-notes.ts';

const DAY_MS = 86_400_000;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

const circuitBreaker = z
  .strictObject({
    failures: wholeNumber({
      what: 'Failed attempts in a row, over all drains, after which none is made for a while.',
      unit: 'attempts',
      min: 1,
      max: 1_000,
    }).default(5),
    resetMs: wholeNumber({
      what: 'For how long; then one attempt is let through, and the rest only once it succeeds.',
      unit: 'ms',
      min: 0,
      max: DAY_MS,
    }).default(30_000),
  })
  .prefault({});

/** What becomes of events while an endpoint takes none: every endpoint has it that may fail. */
export const failureOptions = {
  circuitBreaker,
  onUnavailable: choice(
    'park: after parkAfterMs or parkAfterBytes, events are kept in the state tables until it is back, and the slot moves on. hold: the slot waits, and keeps WAL.',
    ['park', 'hold'],
  ).default('park'),
  parkAfterMs: wholeNumber({
    what: 'An endpoint that has been down for this long has its events parked.',
    unit: 'ms',
    min: 0,
    max: 365 * DAY_MS,
  }).default(300_000),
  parkAfterBytes: wholeNumber({
    what: 'So has one that alone keeps more WAL than this from being recycled, down or slow.',
    unit: 'bytes',
    min: 0,
    max: MAX_BYTES,
  }).default(256 << 20),
  maxParkedEvents: wholeNumber({
    what: 'Events parked for this endpoint, at the most; then it holds the slot.',
    unit: 'events',
    min: 0,
    max: MAX_BYTES,
  }).default(1_000_000),
  maxParkedBytes: wholeNumber({
    what: 'Bytes of parked bodies, at the most; then it holds the slot.',
    unit: 'bytes',
    min: 0,
    max: MAX_BYTES,
  }).default(2 ** 30),
};
