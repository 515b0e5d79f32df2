import { formatLsn } from '../../pgoutput/lsn.ts';
import { isWalhookError } from '../../errors/walhook-error.ts';
import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { describeTransaction } from '../describe.ts';
import { assertMayGoOn, loadRegistration } from '../registration.ts';
import { isLittle } from '../troubles.ts';
import { type Check, failed, ok, type Patient, skipped, warning } from './check.ts';

export const slotChecks: readonly Check[] = [
  {
    name: 'slot',
    async look({ database, pipeline }) {
      const server = await database.readServer();
      const slot = await database.readSlot(pipeline.slot);
      if (slot !== null && database.isBeingMade(slot)) {
        const blocking = await database.openTransactions(0);
        return warning(
          `"${pipeline.slot}" is being made by the server process ${slot.activePid}, which waits for: ${blocking.map(describeTransaction).join('; ') || 'a transaction'}`,
          'Nothing is to be dropped: it is made once these have ended.',
        );
      }
      database.assertReadable(slot, pipeline.slot, server.database);
      const at = `at ${formatLsn(slot!.confirmedLsn!)}`;
      if (slot!.activePid === null) return ok(`"${pipeline.slot}" ${at}`);
      return warning(
        `"${pipeline.slot}" ${at}, being read by the server process ${slot!.activePid}`,
        'A slot has one reader. Nothing to do, if that is a drain; else find out who it is in pg_stat_activity.',
      );
    },
  },
  {
    name: 'slot identity',
    async look(patient) {
      const slot = await patient.database.readSlot(patient.pipeline.slot);
      const registration = await loadRegistration(patient);
      if (registration === null || slot === null) return skipped('the pipeline is not set up');
      if (patient.database.isBeingMade(slot)) return skipped('the slot is being made');
      await assertMayGoOn(patient, slot, registration, false);
      return ok('it is the one that was drained so far');
    },
  },
  {
    name: 'WAL',
    async look({ database, pipeline }) {
      const slot = await database.readSlot(pipeline.slot);
      if (slot === null) return skipped('there is no slot');
      const { flushedLsn } = await database.readServer();
      const { maxSlotWalBytes } = await database.readLimits();
      const { restartLsn, safeWalBytes, walStatus } = slot;
      const held = restartLsn === null ? 0n : flushedLsn - restartLsn;
      const found = `the slot holds ${describeBytes(held > 0n ? held : 0n)}`;
      if (walStatus === 'unreserved') {
        return failed(
          `${found} and is about to be lost`,
          'Drain now, and raise max_slot_wal_keep_size.',
        );
      }
      if (maxSlotWalBytes === null) {
        return warning(
          `${found}, without a bound (max_slot_wal_keep_size = -1)`,
          "If nobody drains, the server's disk fills and it stops. Set max_slot_wal_keep_size to what the disk can spare, and watch the lag.",
        );
      }
      const limit = `${found} of at most ${describeBytes(maxSlotWalBytes)}`;
      if (safeWalBytes !== null && isLittle(Number(safeWalBytes), Number(maxSlotWalBytes))) {
        return warning(
          `${limit}; another ${describeBytes(safeWalBytes)} and it can be lost`,
          'Drain now, and more often; or raise max_slot_wal_keep_size.',
        );
      }
      return ok(limit);
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

async function sinceLastDrain({ state, pipeline, now }: Patient): Promise<number | null> {
  try {
    const lease = await state.readLease(pipeline.name);
    return lease === null ? null : now() - lease.lastChangedAt.getTime();
  } catch (error) {
    if (isWalhookError(error, 'state_missing')) return null;
    throw error;
  }
}
