import { z } from 'zod';
import { besideOtherFaults, choice, wholeNumber } from './option-notes.ts';

// What every endpoint has that is spoken to by requests, whatever stands in them.

export const ordering = choice(
  'strict: commit order over the endpoint, one request at a time. key: commit order within each row key. none: as fast as it goes.',
  ['strict', 'key', 'none'],
).default('key');

export const concurrency = wholeNumber({
  what: 'Requests in flight, at the most; ordering strict keeps it at one.',
  unit: 'requests',
  min: 1,
  max: 256,
}).default(4);

export const timeoutMs = wholeNumber({
  what: 'A request without a complete answer after this time has failed, whatever the beginning of its answer said; so has an asynchronous transform.',
  unit: 'ms',
  min: 1,
  max: 900_000,
}).default(15_000);

export const retry = z
  .strictObject({
    attempts: wholeNumber({
      what: 'Tries of one delivery within a drain, the first included.',
      unit: 'tries',
      min: 1,
      max: 100,
    }).default(3),
    minDelayMs: wholeNumber({
      what: 'Wait before the second try, at the most; doubles with each further one, with full jitter.',
      unit: 'ms',
      min: 0,
      max: 3_600_000,
    }).default(250),
    maxDelayMs: wholeNumber({
      what: 'Where the doubling ends. A Retry-After of the endpoint is not bounded by it, but by 24 hours.',
      unit: 'ms',
      min: 0,
      max: 3_600_000,
    }).default(10_000),
  })
  .refine((given) => !(given.minDelayMs > given.maxDelayMs), {
    path: ['minDelayMs'],
    message: 'no more than maxDelayMs',
    ...besideOtherFaults,
  })
  .prefault({});
