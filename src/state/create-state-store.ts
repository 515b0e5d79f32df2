import type { StateStore } from '../drain/state-store.ts';
import { addDeadLetters, countDeadLetters } from './dead-letters.ts';
import { destroyPipeline } from './destroy-pipeline.ts';
import { acquireLease, readLease, releaseLease, renewLease } from './lease.ts';
import { migrate } from './migrate.ts';
import { loadPipeline, registerPipeline } from './pipelines.ts';
import { forgetCheckpoints, loadEndpoints, saveProgress } from './progress.ts';
import { assertReady, explaining } from './readiness.ts';
import { listRuns, recordRun } from './runs.ts';
import type { StateClient } from './state-client.ts';
import { openStateDatabase } from './state-database.ts';

export type StateStoreOptions = {
  /**
   * A connection of the store's own: inside a transaction that somebody else has open on it,
   * nothing it writes would be durable, nor seen by another drainer.
   */
  readonly client: StateClient;
  readonly schema: string;
};

/**
 * The state tables of a database as the drain sees them. What goes wrong in the connection or the
 * server, other than missing or outdated tables, is thrown as the client threw it.
 * @throws WalhookError config_invalid for a schema name that cannot be one
 */
export function createStateStore({ client, schema }: StateStoreOptions): StateStore {
  const state = openStateDatabase(client, schema);
  return {
    migrate: () => explaining(state, () => migrate(state)),
    assertReady: () => assertReady(state),
    registerPipeline: (record) => explaining(state, () => registerPipeline(state, record)),
    loadPipeline: (pipeline) => explaining(state, () => loadPipeline(state, pipeline)),
    acquireLease: (request) => explaining(state, () => acquireLease(state, request)),
    renewLease: (lease, ttlMs) => explaining(state, () => renewLease(state, lease, ttlMs)),
    readLease: (pipeline) => explaining(state, () => readLease(state, pipeline)),
    releaseLease: (lease, slotAt) => explaining(state, () => releaseLease(state, lease, slotAt)),
    loadEndpoints: (pipeline) => explaining(state, () => loadEndpoints(state, pipeline)),
    saveProgress: (lease, ttlMs, progress) =>
      explaining(state, () => saveProgress(state, lease, ttlMs, progress)),
    addDeadLetters: (lease, letters) =>
      explaining(state, () => addDeadLetters(state, lease, letters)),
    countDeadLetters: (pipeline) => explaining(state, () => countDeadLetters(state, pipeline)),
    recordRun: (run, keepMs) => explaining(state, () => recordRun(state, run, keepMs)),
    listRuns: (pipeline, limit) => explaining(state, () => listRuns(state, pipeline, limit)),
    forgetCheckpoints: (pipeline) => explaining(state, () => forgetCheckpoints(state, pipeline)),
    destroyPipeline: (pipeline) => explaining(state, () => destroyPipeline(state, pipeline)),
  };
}
