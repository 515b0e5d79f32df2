import { describeBytes } from '../../quantities/describe.ts';
import { overThreshold } from '../amount.ts';
import type { AlertedCondition } from '../condition.ts';

/** WAL held without a bound is worth a word from here on. */
const MUCH_WAL_BYTES = 10 * 2 ** 30;

const subject = '';

export const walUnbounded: AlertedCondition<'wal_unbounded'> = {
  id: 'wal_unbounded',
  runbook: 'the-disk-fills-with-wal',
  alert: {
    wrong: () => 'The replication slot holds much WAL, and nothing bounds it',
    over: () => 'The WAL that the replication slot holds is little again',
    means: 'The disk of the database server can fill, and the server stops then.',
    toDo: () => [
      'Drain now, without a deadline: walhook drain',
      'See that every endpoint answers, and that no transaction is open: walhook doctor',
      'Set max_slot_wal_keep_size to what the disk can spare.',
    ],
  },
  look({ facts: { slot } }) {
    if (slot === null || slot.heldBytes === null) return null;
    const { heldBytes: held, maxHeldBytes: max } = slot;
    if (max !== null) return [{ subject, kind: 'clear', detail: 'there is a bound' }];
    const found = {
      subject,
      detail: `the slot holds ${describeBytes(held)} of WAL`,
      sentence: `The slot holds ${describeBytes(held)} of WAL, and nothing bounds it (max_slot_wal_keep_size): the server's disk can fill.`,
      remedy: 'Drain now, and see that every endpoint answers.',
    };
    return [overThreshold(held, MUCH_WAL_BYTES, found)];
  },
};
