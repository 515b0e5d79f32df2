import { assertSameSlot } from '../drain/same-slot.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { diagnose, type Trouble } from '../health/diagnose.ts';
import {
  endpointFacts,
  type KeptEndpoints,
  loadEndpoints,
  NO_ENDPOINTS,
} from './endpoint-status.ts';
import type { Examination, ProgressFindings, SourceFindings } from './examination.ts';
import { factsOf } from './facts-of.ts';
import type { Pipeline, PipelineAccess } from './pipeline.ts';
import { slotGone, slotWithoutPublication } from './registration.ts';
import type { SlotFacts, SourceDatabase } from './source-database.ts';

export type ExamineOptions = {
  /** How many of the latest runs are looked at. */
  readonly runs?: number;
  /** Whether whatever the state tables answer is a finding; else only that they are not there. */
  readonly takesAnyStateError?: boolean;
};

/** Looked at for whether drains fail, and shown. */
const RUNS = 5;
/** Of transactions that were passed over, so many are looked at. */
const SKIPS = 20;

/** Reads everything once. Throws WalhookError, but for what is a finding. */
export async function examine(
  access: PipelineAccess,
  now: number,
  options: ExamineOptions = {},
): Promise<Examination> {
  const { database, pipeline } = access;
  // A drain announces where it moves the slot before it does, and confirms what is flushed: read in
  // this order, one that is under way looks like nothing else.
  const slot = await database.readSlot(pipeline.slot);
  const progress = await readProgress(access, options);
  const source = await readSource(access, slot, progress);
  return { pipeline, at: now, source, progress };
}

/** The same where the database is away, or does not let this role look: `onUnknown` is told why. */
export async function examineWhatCanBeSeen(
  access: Omit<PipelineAccess, 'database'> & { readonly database: SourceDatabase | null },
  now: number,
  options: ExamineOptions & { readonly onUnknown: (error: WalhookError) => void },
): Promise<Examination> {
  const { database, pipeline } = access;
  const slot = await ifItTells(() => database?.readSlot(pipeline.slot), options.onUnknown);
  const progress = await readProgress(access, options);
  const source =
    database === null || slot === undefined
      ? undefined
      : await ifItTells(
          () => readSource({ ...access, database }, slot, progress),
          options.onUnknown,
        );
  return { pipeline, at: now, source: source ?? null, progress };
}

/** What is wrong with it, the worst first. */
export function diagnosed(examination: Examination): readonly Trouble[] {
  return diagnose(factsOf(examination), examination.pipeline.thresholds);
}

/** The same of its endpoints alone, where nothing else was looked at. */
export function diagnosedEndpoints(
  pipeline: Pipeline,
  endpoints: KeptEndpoints,
  now: number,
): readonly Trouble[] {
  return diagnose(
    {
      pipeline: pipeline.name,
      at: now,
      slot: null,
      refusals: null,
      stateProblem: null,
      endpoints: endpointFacts(pipeline, endpoints),
      runs: null,
      skips: null,
    },
    pipeline.thresholds,
  );
}

async function ifItTells<T>(
  read: () => Promise<T> | undefined,
  onUnknown: (error: WalhookError) => void,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isWalhookError(error)) throw error;
    onUnknown(error);
    return undefined;
  }
}

async function readSource(
  { database, pipeline }: Pick<PipelineAccess, 'database' | 'pipeline'>,
  slot: SlotFacts | null,
  { record, endpoints }: ProgressFindings,
): Promise<SourceFindings> {
  const server = await database.readServer();
  const limits = await database.readLimits();
  const publication = await database.readPublication(pipeline.publication);
  const identity = await database.readIdentity(pipeline.publication);
  const refusals = refusalsOf([
    () => {
      // Of a pipeline that was drained before, a new slot is not enough.
      if (slot === null && record !== null) throw slotGone(record);
      database.assertReadable(slot, pipeline.slot, server.database);
    },
    () => {
      if (publication !== null) return;
      if (slot !== null) throw slotWithoutPublication(pipeline.slot, pipeline.publication);
      throw new WalhookError(
        'publication_missing',
        `there is no publication "${pipeline.publication}"`,
        { detail: pipeline.publication, remedy: 'Run walhook init.' },
      );
    },
    () => {
      if (record === null || slot === null || slot.confirmedLsn === null) return;
      const { database: name, flushedLsn } = server;
      const where = { database: name, slot: pipeline.slot, slotAt: slot.confirmedLsn };
      assertSameSlot(record, { ...where, identity, flushedLsn, session: null }, endpoints.records);
    },
  ]);
  return { server, limits, slot, publication, refusals };
}

function refusalsOf(assertions: readonly (() => void)[]): WalhookError[] {
  return assertions.flatMap((assert) => {
    try {
      assert();
      return [];
    } catch (error) {
      if (error instanceof WalhookError) return [error];
      throw error;
    }
  });
}

const NO_PROGRESS: Omit<ProgressFindings, 'problem'> = {
  record: null,
  lease: null,
  endpoints: NO_ENDPOINTS,
  headway: null,
  runs: [],
  skips: [],
};

async function readProgress(
  { pipeline, state }: Omit<PipelineAccess, 'database'>,
  { runs = RUNS, takesAnyStateError = false }: ExamineOptions,
): Promise<ProgressFindings> {
  try {
    await state.assertReady();
    const record = await state.loadPipeline(pipeline.name);
    if (record === null) return { ...NO_PROGRESS, problem: notRegistered(pipeline.name) };
    return {
      record,
      lease: await state.readLease(pipeline.name),
      endpoints: await loadEndpoints({ pipeline, state }),
      headway: await state.loadHeadway(pipeline.name),
      runs: await state.listRuns(pipeline.name, Math.max(runs, pipeline.thresholds.failedRuns)),
      skips: await state.listSkips(pipeline.name, SKIPS),
      problem: null,
    };
  } catch (error) {
    if (!isWalhookError(error)) throw error;
    const { code } = error;
    if (code !== 'state_missing' && code !== 'state_outdated' && !takesAnyStateError) throw error;
    return { ...NO_PROGRESS, problem: error };
  }
}

function notRegistered(pipeline: string): WalhookError {
  return new WalhookError('state_missing', `the pipeline "${pipeline}" has not been set up`);
}
