import { z } from 'zod';
import { besideOtherFaults, text, type TextFault, wholeNumber } from './option-notes.ts';

const redisUrlWants = 'a URL like redis://user:password@host:6379 or rediss://…';

const redisUrlFault: TextFault = (value) => {
  if (!/^rediss?:\/\//.test(value) || !URL.canParse(value)) return redisUrlWants;
  const { hostname, hash } = new URL(value);
  if (hostname === '') return redisUrlWants;
  return hash === '' ? null : `${redisUrlWants}: a # in the password has to be written as %23`;
};

const storeSchema = z.strictObject({
  redis: text(
    {
      what: 'Counts in this Redis server, together with the other processes that name it; needs npm install ioredis. While it does not answer, each counts for itself.',
      wants: redisUrlWants,
      secret: 'url',
    },
    redisUrlFault,
  ),
});

/**
 * How much an endpoint takes. The product of both counts stays within 32 bits, which bottleneck cuts
 * numbers to.
 */
export const rateLimitSchema = z
  .strictObject({
    requests: wholeNumber({
      what: 'Requests that start in an interval, at the most.',
      unit: 'requests',
      min: 1,
      max: 10_000,
    }).optional(),
    events: wholeNumber({
      what: 'Events in the requests that start in an interval, at the most; a request with more takes a whole interval.',
      unit: 'events',
      min: 1,
      max: 100_000,
    }).optional(),
    perMs: wholeNumber({
      what: 'The interval. A process counts from its start on: from one drain by cron to the next only a store remembers.',
      unit: 'ms',
      min: 10,
      max: 86_400_000,
    }).default(1_000),
    store: storeSchema.optional(),
  })
  .refine(({ requests, events }) => requests !== undefined || events !== undefined, {
    message: 'requests, events or both',
    ...besideOtherFaults,
  });
