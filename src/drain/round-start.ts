import { comparePositions, positionBefore, type Position } from '../changes/position.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import { type EndpointHealth, HEALTHY } from '../delivery/circuit-breaker.ts';
import type { EndpointStart } from '../delivery/endpoint-dispatch.ts';
import { NOTHING_COUNTED } from '../delivery/dispatch-counts.ts';
import { modeOf } from '../delivery/endpoint-mode.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { type Lsn, maxLsn } from '../pgoutput/lsn.ts';
import { joinCheckpoints } from './join-checkpoints.ts';
import { missedBy } from './missed.ts';
import type { DrainRun } from './run.ts';
import { decodePositions, encodePositions } from './settled-ahead.ts';
import type {
  Checkpoint,
  EndpointProgress,
  EndpointRecord,
  Lease,
  Pause,
  StateStore,
} from './state-store.ts';

/** Where each endpoint starts, by its name. */
export type RoundStart = ReadonlyMap<string, EndpointStart>;

/** What is known of an endpoint before a round. */
type Known = {
  /** null: it was never drained to. */
  readonly checkpoint: Checkpoint | null;
  readonly health: EndpointHealth;
  readonly pause: Pause | null;
  readonly parked: EndpointStart['parked'];
};

const NONE: ReadonlyMap<string, readonly RelationMark[]> = new Map();

/**
 * Reads what the tables know of every endpoint, and decides what that means for a round. `read`: the
 * endpoints' rows, where they have only just been read.
 */
export async function startOfRound(
  run: DrainRun,
  state: StateStore,
  lease: Lease,
  read?: readonly EndpointRecord[],
): Promise<RoundStart> {
  const { pipeline } = lease;
  const records = read ?? (await state.loadEndpoints(pipeline));
  const parked = await state.countParked(pipeline);
  const relations = parked.size === 0 ? NONE : await state.parkedRelations(pipeline);
  const stored = await state.settledInStore(pipeline);
  const known = new Map<string, Known>();
  const missing = new Set<string>();
  for (const { options } of run.options.endpoints) {
    const { name } = options;
    const record = records.find(({ endpoint }) => endpoint === name);
    if (record !== undefined) assertReadable(record);
    known.set(name, {
      checkpoint: checkpointOf(name, record, run.carried.get(name), stored.get(name) ?? []),
      health: run.health.get(name) ?? record?.health ?? HEALTHY,
      pause: record?.pause ?? null,
      parked: {
        events: parked.get(name)?.events ?? 0,
        bytes: parked.get(name)?.bytes ?? 0,
        relations: relations.get(name) ?? [],
      },
    });
    const missed = record === undefined ? null : missedBy(record, run.slotAt!);
    if (missed !== null) run.logMissed(name, missed);
    if (record !== undefined && record.missedFrom !== null) missing.add(name);
    // In a pipeline that was never drained, all are new.
    if (record === undefined && records.length > 0) run.logNewEndpoint(name);
  }
  await saveStart(run, state, lease, known, (name) => stored.has(name) || missing.has(name));
  return startsOf(run, known);
}

function assertReadable({ endpoint, settledAhead }: EndpointRecord): void {
  try {
    decodePositions(settledAhead);
  } catch (error) {
    const place = `settled_ahead of the row endpoint ${endpoint}`;
    const said = error instanceof Error ? error.message : String(error);
    throw new WalhookError(
      'state_damaged',
      `the state table endpoints is damaged: ${place} cannot be read (${said})`,
      { detail: `endpoints.settled_ahead, ${endpoint}`, cause: error },
    );
  }
}

/**
 * Everything that is settled: the stored checkpoint, what an earlier pass of this drain settled,
 * whether or not it could be written, and what a process stored before it died. Another drainer may
 * have got further while a connection was lost.
 */
function checkpointOf(
  endpoint: string,
  record: EndpointRecord | undefined,
  carried: Checkpoint | undefined,
  stored: readonly Position[],
): Checkpoint | null {
  const all: Checkpoint[] = [];
  if (record !== undefined) all.push(record);
  if (carried !== undefined) all.push(carried);
  if (stored.length > 0) {
    const settled = record?.settled ?? positionBefore(0n as Lsn);
    all.push({ endpoint, settled, settledAhead: encodePositions(stored) });
  }
  return all.length === 0 ? null : all.reduce(joinCheckpoints);
}

/**
 * Parked batches are forgotten once they are sent. Before that may happen a checkpoint has to tell of
 * them, or a later drain would take their events for new ones, and send them behind younger ones.
 * And what an endpoint missed ends here: from now on it is configured.
 */
async function saveStart(
  run: DrainRun,
  state: StateStore,
  lease: Lease,
  known: ReadonlyMap<string, Known>,
  isToBeSaved: (endpoint: string) => boolean,
): Promise<void> {
  const progress: EndpointProgress[] = [];
  for (const [name, { checkpoint }] of known) {
    if (checkpoint === null || !isToBeSaved(name)) continue;
    progress.push({ ...checkpoint, ...NOTHING_NEW });
  }
  if (progress.length > 0) await state.saveProgress(lease, run.options.leaseMs, progress);
}

const NOTHING_NEW = {
  state: 'active',
  reason: null,
  health: null,
  ...NOTHING_COUNTED,
} as const;

function startsOf(run: DrainRun, known: ReadonlyMap<string, Known>): RoundStart {
  const slotAt = run.slotAt!;
  const now = run.options.clock.now();
  const starts = new Map<string, EndpointStart>();
  for (const { options } of run.options.endpoints) {
    const { name, unavailable } = options;
    const { checkpoint, health, pause, parked } = known.get(name)!;
    const heldBackBytes = heldBackBy(name, run, known);
    const wasHeld = run.held.has(name);
    const situation = { health, pause, wasHeld, parkedEvents: parked.events, heldBackBytes };
    starts.set(name, {
      ...settledAtStart(checkpoint, slotAt),
      slotAt,
      mode: modeOf(unavailable, situation, now),
      health,
      parked,
      replayed: run.replayedOf(name),
      isThrough: run.isThrough(name),
    });
  }
  return starts;
}

/**
 * WAL that would be free but for this endpoint: up to the target where it is down, for then it will
 * not get there; else up to the one that is furthest ahead of it.
 */
function heldBackBy(name: string, run: DrainRun, known: ReadonlyMap<string, Known>): number {
  const slotAt = run.slotAt!;
  const reached = (endpoint: Known): Lsn =>
    maxLsn(slotAt, endpoint.checkpoint?.settled.commitLsn ?? slotAt);
  const own = known.get(name)!;
  const others = [...known].filter(([other]) => other !== name).map(([, other]) => reached(other));
  const furthest = own.health.downSince === null ? others.reduce(maxLsn, slotAt) : run.target!;
  const from = reached(own);
  return Number(furthest > from ? furthest - from : 0n);
}

/** An endpoint without a checkpoint is new: it starts where the slot stands. */
function settledAtStart(
  checkpoint: Checkpoint | null,
  slotAt: Lsn,
): Pick<EndpointStart, 'settled' | 'settledAhead'> {
  const atSlot = positionBefore(slotAt);
  if (checkpoint === null) return { settled: atSlot, settledAhead: [] };
  const settled = comparePositions(checkpoint.settled, atSlot) > 0 ? checkpoint.settled : atSlot;
  // What stands before that is settled anyway, and would be listed for good.
  const settledAhead = decodePositions(checkpoint.settledAhead).filter(
    (position) => comparePositions(position, settled) > 0,
  );
  return { settled, settledAhead };
}
