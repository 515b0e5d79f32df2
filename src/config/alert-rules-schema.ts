import { z } from 'zod';
import { RULE_NAMES } from '../health/alerting/incident.ts';
import { choice, optionNotes, wholeNumber } from './option-notes.ts';

const day = 86_400_000;
const GiB = 2 ** 30;

export const alertRulesSchema = z.strictObject({
  off: z
    .array(choice('A rule that is off.', RULE_NAMES))
    .register(optionNotes, {
      what: 'Rules that tell nobody.',
      wants: `a list of ${RULE_NAMES.join(', ')}`,
    })
    .default([]),
  endpointDownMs: wholeNumber({
    what: 'endpoint_down: an endpoint has taken nothing for this long.',
    unit: 'ms',
    min: 0,
    max: 30 * day,
  }).default(300_000),
  deadLetters: wholeNumber({
    what: 'dead_letters: an endpoint has more dead letters than these.',
    unit: 'dead letters',
    min: 0,
    max: 1_000_000_000,
  }).default(0),
  parkedPercent: wholeNumber({
    what: 'parked_near_cap: what is parked for an endpoint is more than this share of its cap in events or bytes.',
    unit: 'percent',
    min: 1,
    max: 99,
  }).default(80),
  lagBytes: wholeNumber({
    what: 'lag_bytes: more WAL than this is to be drained.',
    unit: 'bytes',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  }).default(GiB),
  lagMs: wholeNumber({
    what: 'lag_age: a change has been waiting for longer than this.',
    unit: 'ms',
    min: 0,
    max: 30 * day,
  }).default(900_000),
  slotUsedPercent: wholeNumber({
    what: 'slot_near_loss: the slot uses more than this share of max_slot_wal_keep_size.',
    unit: 'percent',
    min: 1,
    max: 99,
  }).default(70),
  failedRuns: wholeNumber({
    what: 'run_failed: so many drains in a row have failed.',
    unit: 'drains',
    min: 1,
    max: 50,
  }).default(3),
  remindMs: wholeNumber({
    what: 'What is still wrong is told again after this time; 0: once is enough.',
    unit: 'ms',
    min: 0,
    max: 30 * day,
  }).default(0),
});
