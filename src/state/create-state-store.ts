import type { StateStore } from '../drain/state-store.ts';
import { noteCatalog, recallCatalog } from './catalog-records.ts';
import { ConnectionTurns } from './connection-turns.ts';
import {
  addDeadLetters,
  countDeadLetterReasons,
  countDeadLetters,
  countMatchingDeadLetters,
  discardDeadLetters,
  findDeadLetters,
  listDeadLetters,
} from './dead-letters.ts';
import { destroyPipeline } from './destroy-pipeline.ts';
import { loadHeadway } from './headway.ts';
import { acquireLease, readLease, releaseLease, renewLease } from './lease.ts';
import { migrate } from './migrate.ts';
import { countParked, loadParked, park, parkedRelations } from './parked-batches.ts';
import { pauseEndpoint, resumeEndpoint } from './pauses.ts';
import { listPipelines, loadPipeline, registerPipeline } from './pipelines.ts';
import { forgetCheckpoints, loadEndpoints, noteMissed, saveProgress } from './progress.ts';
import { assertReady, explaining } from './readiness.ts';
import { redriveDeadLetter } from './redrive.ts';
import { rehearse } from './rehearsal.ts';
import { countRuns, listRuns, recordRun } from './runs.ts';
import { setAsideSinceParked, settledInStore } from './settled-in-store.ts';
import { listSkips, loadSkip, recordSkip } from './skips.ts';
import type { StateClient } from './state-client.ts';
import { openStateDatabase } from './state-database.ts';
import { loadTallies } from './tallies.ts';

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
  const turns = new ConnectionTurns(client);
  const state = openStateDatabase(turns.shared, schema);
  const alone = openStateDatabase(client, schema);
  return {
    migrate: () => turns.alone(() => explaining(alone, () => migrate(alone))),
    rehearseMigrate: () => turns.alone(() => explaining(alone, () => rehearse(alone, migrate))),
    assertReady: () => assertReady(state),
    registerPipeline: (record) => explaining(state, () => registerPipeline(state, record)),
    loadPipeline: (pipeline) => explaining(state, () => loadPipeline(state, pipeline)),
    listPipelines: () => explaining(state, () => listPipelines(state)),
    acquireLease: (request) => explaining(state, () => acquireLease(state, request)),
    renewLease: (lease, ttlMs) => explaining(state, () => renewLease(state, lease, ttlMs)),
    readLease: (pipeline) => explaining(state, () => readLease(state, pipeline)),
    releaseLease: (...release) => explaining(state, () => releaseLease(state, ...release)),
    loadHeadway: (pipeline) => explaining(state, () => loadHeadway(state, pipeline)),
    loadEndpoints: (pipeline) => explaining(state, () => loadEndpoints(state, pipeline)),
    saveProgress: (...progress) => explaining(state, () => saveProgress(state, ...progress)),
    noteMissed: (...missed) => explaining(state, () => noteMissed(state, ...missed)),
    loadTallies: (pipeline) => explaining(state, () => loadTallies(state, pipeline)),
    addDeadLetters: (lease, letters) =>
      explaining(state, () => addDeadLetters(state, lease, letters)),
    countDeadLetters: (pipeline) => explaining(state, () => countDeadLetters(state, pipeline)),
    countDeadLetterReasons: (pipeline) =>
      explaining(state, () => countDeadLetterReasons(state, pipeline)),
    listDeadLetters: (pipeline, filter, limit) =>
      explaining(state, () => listDeadLetters(state, pipeline, filter, limit)),
    countMatchingDeadLetters: (pipeline, filter) =>
      explaining(state, () => countMatchingDeadLetters(state, pipeline, filter)),
    findDeadLetters: (pipeline, filter) =>
      explaining(state, () => findDeadLetters(state, pipeline, filter)),
    redriveDeadLetter: (pipeline, id, send) =>
      turns.alone(() => explaining(alone, () => redriveDeadLetter(alone, pipeline, id, send))),
    discardDeadLetters: (pipeline, filter) =>
      explaining(state, () => discardDeadLetters(state, pipeline, filter)),
    recordSkip: (lease, skip) => explaining(state, () => recordSkip(state, lease, skip)),
    listSkips: (pipeline, limit) => explaining(state, () => listSkips(state, pipeline, limit)),
    loadSkip: (pipeline, commitLsn) =>
      explaining(state, () => loadSkip(state, pipeline, commitLsn)),
    park: (lease, batches) => explaining(state, () => park(state, lease, batches)),
    loadParked: (pipeline, endpoint, afterId, maxBytes) =>
      explaining(state, () => loadParked(state, pipeline, endpoint, afterId, maxBytes)),
    countParked: (pipeline) => explaining(state, () => countParked(state, pipeline)),
    parkedRelations: (pipeline) => explaining(state, () => parkedRelations(state, pipeline)),
    settledInStore: (pipeline) => explaining(state, () => settledInStore(state, pipeline)),
    setAsideSinceParked: (pipeline, endpoint) =>
      explaining(state, () => setAsideSinceParked(state, pipeline, endpoint)),
    pauseEndpoint: (pipeline, endpoint, pause) =>
      explaining(state, () => pauseEndpoint(state, pipeline, endpoint, pause)),
    resumeEndpoint: (pipeline, endpoint) =>
      explaining(state, () => resumeEndpoint(state, pipeline, endpoint)),
    recallCatalog: (pipeline) => explaining(state, () => recallCatalog(state, pipeline)),
    noteCatalog: (pipeline, records, slotAt) =>
      explaining(state, () => noteCatalog(state, pipeline, records, slotAt)),
    recordRun: (run, keepMs) => explaining(state, () => recordRun(state, run, keepMs)),
    listRuns: (pipeline, limit) => explaining(state, () => listRuns(state, pipeline, limit)),
    countRuns: (pipeline) => explaining(state, () => countRuns(state, pipeline)),
    forgetCheckpoints: (pipeline) => explaining(state, () => forgetCheckpoints(state, pipeline)),
    destroyPipeline: (pipeline) =>
      turns.alone(() => explaining(alone, () => destroyPipeline(alone, pipeline))),
    rehearseDestroy: (pipeline) =>
      turns.alone(() =>
        explaining(alone, () => rehearse(alone, (at) => destroyPipeline(at, pipeline))),
      ),
  };
}
