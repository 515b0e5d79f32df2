import { eventId, type Position } from '../changes/position.ts';
import type { EndpointHealth } from '../delivery/circuit-breaker.ts';
import type { EndpointRecord, ParkedCount } from '../drain/state-store.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { EndpointStatus } from './pipeline-status.ts';

/** What the state tables hold for an endpoint beside its progress. */
type Kept = { readonly parked: ParkedCount | undefined; readonly deadLetters: number };

/**
 * Every endpoint that is configured or has left something in the state tables: those with progress
 * by name, then those without. Throws state_missing, state_outdated.
 */
export async function readEndpoints({
  pipeline,
  state,
}: PipelineAccess): Promise<EndpointStatus[]> {
  const records = await state.loadEndpoints(pipeline.name);
  const deadLetters = await state.countDeadLetters(pipeline.name);
  const parked = await state.countParked(pipeline.name);
  const keptFor = (name: string): Kept => ({
    parked: parked.get(name),
    deadLetters: deadLetters.get(name) ?? 0,
  });
  const known = new Set(records.map(({ endpoint }) => endpoint));
  const others = new Set([...pipeline.endpoints, ...parked.keys(), ...deadLetters.keys()]);
  return [
    ...records.map((record) =>
      knownEndpoint(record, keptFor(record.endpoint), pipeline.endpoints.includes(record.endpoint)),
    ),
    ...[...others]
      .filter((name) => !known.has(name))
      .map((name) => ({
        ...newEndpoint(name),
        ...keptStatus(keptFor(name)),
        state: pipeline.endpoints.includes(name) ? ('new' as const) : ('removed' as const),
      })),
  ];
}

export function newEndpoint(name: string): EndpointStatus {
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

function knownEndpoint(record: EndpointRecord, kept: Kept, isConfigured: boolean): EndpointStatus {
  const { endpoint, health, pause } = record;
  return {
    name: endpoint,
    state: isConfigured ? (pause === null ? record.state : 'paused') : 'removed',
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
