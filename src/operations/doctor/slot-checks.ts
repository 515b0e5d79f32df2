import { isWalhookError } from '../../errors/walhook-error.ts';
import { checkOf } from '../../health/views/checks.ts';
import { formatLsn } from '../../pgoutput/lsn.ts';
import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { describeTransaction } from '../describe.ts';
import { loadRegistration } from '../registration.ts';
import {
  type Check,
  diagnosisOf,
  type Finding,
  ok,
  type Patient,
  skipped,
  warning,
} from './check.ts';

export const slotChecks: readonly Check[] = [
  {
    name: 'slot',
    async look(patient) {
      const { database, pipeline } = patient;
      const slot = await database.readSlot(pipeline.slot);
      if (slot !== null && database.isBeingMade(slot)) {
        const blocking = await database.openTransactions(0);
        return warning(
          `"${pipeline.slot}" is being made by the server process ${slot.activePid}, which waits for: ${blocking.map(describeTransaction).join('; ') || 'a transaction'}`,
          'Nothing is to be dropped: it is made once these have ended.',
        );
      }
      const unreadable = await unreadableSlot(patient);
      if (unreadable !== null) return unreadable;
      if (slot === null) return skipped('it was dropped just now');
      const at = `at ${slot.confirmedLsn === null ? 'no position' : formatLsn(slot.confirmedLsn)}`;
      if (slot.activePid === null) return ok(`"${pipeline.slot}" ${at}`);
      return warning(
        `"${pipeline.slot}" ${at}, being read by the server process ${slot.activePid}`,
        'A slot has one reader. Nothing to do, if that is a drain; else find out who it is in pg_stat_activity.',
      );
    },
  },
  {
    name: 'slot identity',
    async look(patient) {
      const other = await diagnosisOf(
        patient,
        'slot_replaced',
        'cluster_changed',
        'publication_replaced',
      );
      if (other !== null) return other;
      const slot = await patient.database.readSlot(patient.pipeline.slot);
      if (slot === null || (await loadRegistration(patient)) === null) {
        return skipped('the pipeline is not set up');
      }
      if (patient.database.isBeingMade(slot)) return skipped('the slot is being made');
      return ok('it is the one that was drained so far');
    },
  },
  {
    name: 'WAL',
    async look(patient) {
      const { slot } = (await patient.examined()).facts;
      if (slot === null || !slot.exists) return skipped('there is no slot');
      const nearLoss = await diagnosisOf(patient, 'slot_near_loss', 'wal_unbounded');
      const found = `the slot holds ${describeBytes(slot.heldBytes ?? 0)}`;
      if (nearLoss !== null) {
        return { ...nearLoss, remedy: `${nearLoss.remedy} ${RAISE}` };
      }
      if (slot.maxHeldBytes === null) {
        return warning(
          `${found}, without a bound (max_slot_wal_keep_size = -1)`,
          "If nobody drains, the server's disk fills and it stops. Set max_slot_wal_keep_size to what the disk can spare, and watch the lag.",
        );
      }
      return ok(`${found} of at most ${describeBytes(slot.maxHeldBytes)}`);
    },
  },
  {
    name: 'lag',
    async look(patient) {
      const { slot } = (await patient.examined()).facts;
      if (slot === null || slot.lagBytes === null) return skipped('nothing is known of it');
      const much = await diagnosisOf(patient, 'lag_bytes', 'lag_age');
      return much ?? ok(`${describeBytes(slot.lagBytes)} to drain`);
    },
  },
  {
    name: 'idle timeout',
    async look(patient) {
      const { idleSlotTimeoutMs } = await patient.database.readLimits();
      if (idleSlotTimeoutMs === null) return ok('idle slots are kept');
      const timeout = `a slot that nobody reads for ${describeMs(idleSlotTimeoutMs)} is lost (idle_replication_slot_timeout)`;
      const sinceMs = await sinceLastDrain(patient);
      if (sinceMs === null || sinceMs < idleSlotTimeoutMs / 2) {
        return ok(`${timeout}; drain more often than that`);
      }
      return warning(
        `${timeout}, and the last drain was ${describeMs(sinceMs)} ago`,
        'Drain more often, or raise idle_replication_slot_timeout.',
      );
    },
  },
];

const RAISE = 'Drain more often, or set max_slot_wal_keep_size to what the disk can spare.';

/** Missing, lost, or of another kind: what is left of WAL is another check's. */
async function unreadableSlot({ examined }: Patient): Promise<Finding | null> {
  const { troubles } = await examined();
  const blocking = troubles.filter(({ blocks }) => blocks);
  return checkOf(blocking, 'slot_unreadable', 'slot_near_loss');
}

async function sinceLastDrain({ state, pipeline, now }: Patient): Promise<number | null> {
  try {
    const lease = await state.readLease(pipeline.name);
    return lease === null ? null : now() - lease.lastChangedAt.getTime();
  } catch (error) {
    if (isWalhookError(error, 'state_missing')) return null;
    throw error;
  }
}
