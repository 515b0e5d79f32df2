import { eventId, type Position } from '../changes/position.ts';
import type { EndpointHealth } from '../delivery/circuit-breaker.ts';
import type { EndpointRecord, ParkedCount } from '../drain/state-store.ts';
import type { EndpointFacts } from '../health/facts.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import type { Pipeline, PipelineAccess } from './pipeline.ts';
import type { EndpointStatus } from './pipeline-status.ts';

/** What the state tables hold of endpoints. */
export type KeptEndpoints = {
  readonly records: readonly EndpointRecord[];
  readonly deadLetters: ReadonlyMap<string, number>;
  readonly parked: ReadonlyMap<string, ParkedCount>;
};

export const NO_ENDPOINTS: KeptEndpoints = {
  records: [],
  deadLetters: new Map(),
  parked: new Map(),
};

/** What the state tables hold for an endpoint beside its progress. */
type Kept = { readonly parked: ParkedCount | undefined; readonly deadLetters: number };

/** Throws state_missing, state_outdated. */
export async function loadEndpoints({
  pipeline: { name },
  state,
}: Pick<PipelineAccess, 'pipeline' | 'state'>): Promise<KeptEndpoints> {
  return {
    records: await state.loadEndpoints(name),
    deadLetters: await state.countDeadLetters(name),
    parked: await state.countParked(name),
  };
}

/** As `endpointStatuses` has them. Throws state_missing, state_outdated. */
export async function readEndpoints(access: PipelineAccess): Promise<EndpointStatus[]> {
  return endpointStatuses(access.pipeline, await loadEndpoints(access));
}

/**
 * Every endpoint that is configured or has left something in the state tables: those with progress
 * by name, then those without.
 */
export function endpointStatuses(pipeline: Pipeline, kept: KeptEndpoints): EndpointStatus[] {
  return [
    ...kept.records.map((record) =>
      knownEndpoint(
        record,
        keptFor(kept, record.endpoint),
        isConfigured(pipeline, record.endpoint),
      ),
    ),
    ...namesWithoutProgress(pipeline, kept).map((name) => ({
      ...newEndpoint(name),
      ...keptStatus(keptFor(kept, name)),
      state: isConfigured(pipeline, name) ? ('new' as const) : ('removed' as const),
    })),
  ];
}

/** The same endpoints, as the diagnosis looks at them. */
export function endpointFacts(pipeline: Pipeline, kept: KeptEndpoints): EndpointFacts[] {
  const records = kept.records.map((record) => ({
    ...factsFor(pipeline, kept, record.endpoint),
    state: record.state,
    reason: record.reason,
    downSince: record.health.downSince,
    lastFailure: record.health.lastFailure,
    nextAttemptAt: record.health.nextAttemptAt,
    pause: pauseFacts(record),
    missedFrom: record.missedFrom === null ? null : formatLsn(record.missedFrom),
  }));
  const others = namesWithoutProgress(pipeline, kept).map((name) => factsFor(pipeline, kept, name));
  return [...records, ...others];
}

function pauseFacts({ pause }: EndpointRecord): EndpointFacts['pause'] {
  return pause === null ? null : { ...pause, at: pause.at.getTime() };
}

/** Of one that was not drained to yet. */
function factsFor(pipeline: Pipeline, kept: KeptEndpoints, name: string): EndpointFacts {
  const { parked, deadLetters } = keptFor(kept, name);
  const bounds = pipeline.parkingBounds.get(name);
  return {
    name,
    isConfigured: isConfigured(pipeline, name),
    state: 'new',
    reason: null,
    downSince: null,
    lastFailure: null,
    nextAttemptAt: null,
    pause: null,
    deadLetters,
    parkedEvents: parked?.events ?? 0,
    parkedBytes: parked?.bytes ?? 0,
    caps: bounds === undefined ? null : { events: bounds.maxEvents, bytes: bounds.maxBytes },
    missedFrom: null,
  };
}

function isConfigured({ endpoints }: Pipeline, name: string): boolean {
  return endpoints.includes(name);
}

/** Standard output that nothing configures is none of a pipeline that has endpoints: no drain prints. */
function namesWithoutProgress(
  { endpoints, stdoutIsFallback }: Pipeline,
  { records, deadLetters, parked }: KeptEndpoints,
): string[] {
  const known = new Set(records.map(({ endpoint }) => endpoint));
  const configured = stdoutIsFallback && known.size > 0 ? [] : endpoints;
  const others = new Set([...configured, ...parked.keys(), ...deadLetters.keys()]);
  return [...others].filter((name) => !known.has(name));
}

function keptFor({ parked, deadLetters }: KeptEndpoints, name: string): Kept {
  return { parked: parked.get(name), deadLetters: deadLetters.get(name) ?? 0 };
}

function newEndpoint(name: string): EndpointStatus {
  return {
    name,
    state: 'new',
    reason: null,
    breaker: 'closed',
    consecutive_failures: 0,
    down_since: null,
    next_attempt_at: null,
    paused: null,
    waiting: null,
    checkpoint: null,
    missed_from: null,
    delivered: 0,
    filtered: 0,
    parked: 0,
    failed_attempts: 0,
    dead_letters: 0,
    updated_at: null,
  };
}

function knownEndpoint(record: EndpointRecord, kept: Kept, configured: boolean): EndpointStatus {
  const { endpoint, health, pause } = record;
  return {
    name: endpoint,
    state: configured ? (pause === null ? record.state : 'paused') : 'removed',
    reason: record.reason,
    ...healthStatus(health),
    paused:
      pause === null
        ? null
        : { since: pause.at.toISOString(), reason: pause.reason, parks: pause.parks },
    ...keptStatus(kept),
    checkpoint: checkpointText(record.settled),
    missed_from: record.missedFrom === null ? null : formatLsn(record.missedFrom),
    delivered: Number(record.delivered),
    filtered: Number(record.filtered),
    parked: Number(record.parked),
    failed_attempts: Number(record.failedAttempts),
    updated_at: record.updatedAt.toISOString(),
  };
}

function healthStatus(health: EndpointHealth) {
  return {
    breaker: health.breaker,
    consecutive_failures: health.consecutiveFailures,
    down_since: instantText(health.downSince),
    next_attempt_at: instantText(health.nextAttemptAt),
  };
}

function keptStatus({ parked, deadLetters }: Kept) {
  return {
    waiting:
      parked === undefined
        ? null
        : { events: parked.events, bytes: parked.bytes, oldest_at: parked.oldestAt.toISOString() },
    dead_letters: deadLetters,
  };
}

function checkpointText(settled: Position): string | null {
  return settled.seq < 0 ? null : eventId(settled);
}

function instantText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
