import { z } from 'zod';
import { choice, wholeNumber } from './option-notes.ts';

const day = 86_400_000;
const GiB = 1 << 30;

export const drainSchema = z.strictObject({
  deadlineMs: wholeNumber({
    what: 'A drain stops cleanly after this time and the next one goes on there; 0: until it has caught up.',
    unit: 'ms',
    min: 0,
    max: day,
  }).default(0),
  maxChanges: wholeNumber({
    what: 'A drain stops cleanly after this many changes; without it, it goes on until it has caught up.',
    unit: 'changes',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
  }).optional(),
  maxRequests: wholeNumber({
    what: 'A drain stops cleanly before it has made more requests than this, its alerts included; without it, it makes as many as it takes. In a Cloudflare Worker: 40 by default, for a free one may make 50.',
    unit: 'requests',
    min: 1,
    max: 1_000_000,
  }).optional(),
  maxWindowChanges: wholeNumber({
    what: 'Changes that one look into the slot asks for; it ends at the transaction that passes this bound.',
    unit: 'changes',
    min: 1,
    max: 10_000_000,
  }).default(100_000),
  maxWindowBytes: wholeNumber({
    what: 'WAL that one look into the slot reads, at the most.',
    unit: 'bytes',
    min: 1_024,
    max: 64 * GiB,
  }).default(64 << 20),
  maxEventBytes: wholeNumber({
    what: 'An event larger than this is not sent: it becomes a dead letter and the rest goes on.',
    unit: 'bytes',
    min: 1_024,
    max: GiB / 2,
  }).default(16 << 20),
  leaseMs: wholeNumber({
    what: 'How long a drainer that has stopped answering keeps others out.',
    unit: 'ms',
    min: 1_000,
    max: day,
  }).default(30_000),
  checkpointMs: wholeNumber({
    what: 'How often progress is saved; a crash repeats at most what came after. Below leaseMs, for it renews the lease.',
    unit: 'ms',
    min: 1,
    max: 3_600_000,
  }).default(1_000),
  reader: choice(
    'How the slot is read: by COPY, which streams, or by rows; auto takes COPY where the connection allows it.',
    ['auto', 'copy', 'rows'],
  ).default('auto'),
});
