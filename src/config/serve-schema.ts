import { z } from 'zod';
import { besideOtherFaults, wholeNumber } from './option-notes.ts';

/** How walhook serve drains by itself. */
export const serveSchema = z
  .strictObject({
    minIntervalMs: wholeNumber({
      what: 'Between a drain that found something and the next look at the WAL.',
      unit: 'ms',
      min: 1,
      max: 60_000,
    }).default(20),
    maxIntervalMs: wholeNumber({
      what: 'While nothing is found, the time between looks at the WAL doubles up to this.',
      unit: 'ms',
      min: 1,
      max: 600_000,
    }).default(250),
    shutdownMs: wholeNumber({
      what: 'After SIGTERM or SIGINT, what is under way has this long to end.',
      unit: 'ms',
      min: 0,
      max: 600_000,
    }).default(25_000),
  })
  .refine((serve) => !(serve.minIntervalMs > serve.maxIntervalMs), {
    path: ['maxIntervalMs'],
    message: 'minIntervalMs at the least',
    ...besideOtherFaults,
  });
