import type { WalhookError } from '../errors/walhook-error.ts';
import { describeBytes } from '../quantities/describe.ts';
import { endpointTroubles } from './endpoint-troubles.ts';
import type { Status } from './pipeline-status.ts';

/** Less WAL than this left before the slot can be lost is a matter of minutes on a busy server. */
const LITTLE_WAL_BYTES = 1 << 30;
/** Of what a slot may hold. */
const LITTLE_WAL_SHARE = 0.25;
/** WAL held without a bound is worth a word from here on. */
const MUCH_WAL_BYTES = 10 * 2 ** 30;

/** What is wrong, in words, each with what to do, the worst first. */
export function findTroubles(
  status: Omit<Status, 'troubles'>,
  unreadable: WalhookError | null,
  stateProblem: WalhookError | null,
  now: number,
): string[] {
  const { publication } = status;
  const troubles = [unreadable, stateProblem]
    .filter((error) => error !== null)
    .map(({ message, remedy }) => `${sentence(message)} ${remedy}`);
  if (!publication.exists) {
    troubles.push(`There is no publication "${publication.name}". Run walhook init.`);
  }
  return [
    ...troubles,
    ...(unreadable === null ? walTroubles(status) : []),
    ...endpointTroubles(status.endpoints, now),
  ];
}

function walTroubles({ slot }: Omit<Status, 'troubles'>): string[] {
  const { held_bytes: held, safe_bytes: safe, max_held_bytes: max } = slot;
  const toDo = 'Drain now, and see that every endpoint answers.';
  if (slot.wal_status === 'unreserved') {
    return [`The slot is about to be lost: its WAL may be removed at any checkpoint. ${toDo}`];
  }
  if (safe !== null && isLittle(safe, max)) {
    return [`The slot can be lost after another ${describeBytes(safe)} of WAL. ${toDo}`];
  }
  if (max === null && held !== null && held > MUCH_WAL_BYTES) {
    return [
      `The slot holds ${describeBytes(held)} of WAL, and nothing bounds it (max_slot_wal_keep_size): the server's disk can fill. ${toDo}`,
    ];
  }
  return [];
}

/** Whether a slot that may hold `max` bytes and grow by `safe` is close to its end. */
export function isLittle(safe: number, max: number | null): boolean {
  return safe < Math.min(LITTLE_WAL_BYTES, (max ?? Infinity) * LITTLE_WAL_SHARE);
}

function sentence(text: string): string {
  const upper = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
