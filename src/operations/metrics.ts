import type { ParkingBounds } from '../delivery/parking.ts';
import { isWalhookError } from '../errors/walhook-error.ts';
import { conditionSamples } from '../health/views/metrics.ts';
import { expositionText, type MetricFamily, type Sample } from '../observability/exposition.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import type { DeadLetterCount } from '../drain/state-store.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { EndpointStatus, Status } from './pipeline-status.ts';
import { readStatus } from './status.ts';
import { tallyFamilies } from './tally-metrics.ts';

/** Of a pipeline whose database does not answer: that, and nothing else. */
export function unreachableMetrics(pipeline: string): string {
  return expositionText([connection(pipeline, 0)]);
}

/** What Prometheus reads: all of it from the tables, so that any instance answers for all. */
export async function readMetrics(access: PipelineAccess, now: number): Promise<string> {
  const status = await readStatus(access, now);
  const { name } = access.pipeline;
  const { state } = access;
  const runs = await ifSetUp(() => state.countRuns(name), new Map<string, number>());
  const letters = await ifSetUp(() => state.countDeadLetterReasons(name), []);
  const tallies = await ifSetUp(() => state.loadTallies(name), null);
  const endpoints = status.endpoints.map((endpoint) => endpoint.name);
  return expositionText([
    connection(name, 1),
    protection(status),
    ...slotFamilies(status),
    ...progressFamilies(status, now),
    ...drainFamilies(status, runs),
    ...endpointFamilies(status),
    // Of a counter that is not known, zero would look like a new beginning.
    ...(tallies === null ? [] : tallyFamilies(name, endpoints, tallies)),
    deadLetterReasons(name, letters),
    ...parkingBounds(access),
  ]);
}

/** A pipeline that has not been set up has had no runs, and has nothing set aside. */
async function ifSetUp<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isWalhookError(error, 'state_missing') || isWalhookError(error, 'state_outdated')) {
      return otherwise;
    }
    throw error;
  }
}

function connection(pipeline: string, value: 0 | 1): MetricFamily {
  return gauge('replication_connection_status', 'Whether the database answers: 1 or 0.', [
    { labels: { pipeline }, value },
  ]);
}

function protection({ pipeline, connection: { local, encrypted, verified, pooled } }: Status) {
  const labels = {
    pipeline,
    local: String(local),
    encrypted: String(encrypted),
    verified,
    pooled: String(pooled),
  };
  return gauge('walhook_connection_info', '1, labelled with what protects the connection.', [
    { labels, value: 1 },
  ]);
}

function progressFamilies(status: Status, now: number): MetricFamily[] {
  const { pipeline, wal_bytes_per_second: walRate, slot } = status;
  const one = (value: number | null): Sample[] =>
    value === null ? [] : [{ labels: { pipeline }, value }];
  return [
    gauge(
      'walhook_lag_seconds',
      'For how long a change may have been committed without being settled.',
      one(lagSeconds(status, now)),
    ),
    gauge(
      'walhook_last_success_timestamp_seconds',
      'When a drain last ended with everything settled.',
      timestamps({ pipeline }, status.caught_up_at),
    ),
    gauge(
      'walhook_wal_written_bytes_per_second',
      'WAL that the server has written in the last minutes.',
      one(walRate),
    ),
    gauge(
      'walhook_wal_forecast_seconds',
      'Until the slot can be lost, were WAL written at that rate and nothing drained; absent: never.',
      one(forecastSeconds(slot.safe_bytes, walRate)),
    ),
  ];
}

function slotFamilies({ pipeline, slot }: Status): MetricFamily[] {
  const labels = { pipeline, slot: slot.name };
  const one = (value: number | null): Sample[] => (value === null ? [] : [{ labels, value }]);
  const confirmed = positionOf(slot.confirmed_lsn);
  const flushed = confirmed === null || slot.lag_bytes === null ? null : confirmed + slot.lag_bytes;
  const walStatus = slot.invalidation_reason ?? slot.wal_status ?? 'unknown';
  return [
    gauge('replication_lsn_current', 'Where the flushed WAL ends, in bytes.', one(flushed)),
    gauge('walhook_slot_confirmed_lsn', 'Where the slot stands, in bytes of WAL.', one(confirmed)),
    gauge(
      'walhook_slot_restart_lsn',
      'From where on the server keeps WAL for the slot, in bytes of WAL.',
      one(positionOf(slot.restart_lsn)),
    ),
    gauge(
      'replication_slot_lag_bytes',
      'WAL between the slot and what is flushed: at the most, what is left to drain.',
      one(slot.lag_bytes),
    ),
    gauge('walhook_wal_held_bytes', 'WAL that the slot keeps.', one(slot.held_bytes)),
    gauge(
      'walhook_wal_safe_bytes',
      'WAL that may be written before the slot can be lost; absent: without a bound.',
      one(slot.safe_bytes),
    ),
    gauge('walhook_wal_max_held_bytes', 'max_slot_wal_keep_size.', one(slot.max_held_bytes)),
    gauge('walhook_slot_status', '1 for what the server says of the slot.', [
      { labels: { ...labels, status: slot.exists ? walStatus : 'missing' }, value: 1 },
    ]),
  ];
}

function drainFamilies(
  { pipeline, last_drain_at: last, lease, troubles, conditions }: Status,
  runs: ReadonlyMap<string, number>,
): MetricFamily[] {
  const labels = { pipeline };
  return [
    gauge(
      'walhook_runs',
      'Kept reports of drains that found something, by result; older ones are forgotten.',
      [...runs].map(([result, value]) => ({ labels: { pipeline, result }, value })),
    ),
    gauge(
      'walhook_last_drain_timestamp_seconds',
      'When a drain last began or ended.',
      timestamps(labels, last),
    ),
    gauge('walhook_draining', 'Whether somebody drains: 1 or 0.', [
      { labels, value: Number(lease !== null) },
    ]),
    gauge('walhook_troubles', 'How many things walhook status calls wrong.', [
      { labels, value: troubles.length },
    ]),
    gauge(
      'walhook_condition',
      'How many things walhook status calls wrong, by what they are; absent: none of that.',
      conditionSamples(pipeline, conditions),
    ),
  ];
}

function endpointFamilies({ pipeline, endpoints }: Status): MetricFamily[] {
  const each = (valueOf: (endpoint: EndpointStatus) => number): Sample[] =>
    endpoints.map((endpoint) => ({
      labels: { pipeline, endpoint: endpoint.name },
      value: valueOf(endpoint),
    }));
  return [
    {
      name: 'replication_events_processed_total',
      type: 'counter',
      help: 'Events by endpoint and by what became of them.',
      samples: endpoints.flatMap(({ name: endpoint, delivered, filtered, parked }) =>
        Object.entries({ delivered, filtered, parked }).map(([outcome, value]) => ({
          labels: { pipeline, endpoint, outcome },
          value,
        })),
      ),
    },
    {
      name: 'replication_errors_total',
      type: 'counter',
      help: 'Attempts that failed.',
      samples: each(({ failed_attempts: failed }) => failed),
    },
    gauge(
      'walhook_endpoint_state',
      '1 for what the endpoint does with its events.',
      endpoints.map(({ name: endpoint, state }) => ({
        labels: { pipeline, endpoint, state },
        value: 1,
      })),
    ),
    gauge(
      'walhook_breaker_open',
      'Whether nothing is sent for now, after failures: 1 or 0.',
      each(({ breaker }) => Number(breaker === 'open')),
    ),
    gauge(
      'walhook_endpoint_down_since_timestamp_seconds',
      'Since when no attempt succeeded.',
      endpoints.flatMap(({ name: endpoint, down_since: since }) =>
        timestamps({ pipeline, endpoint }, since),
      ),
    ),
    gauge(
      'walhook_parked_events',
      'Parked now.',
      each(({ waiting }) => waiting?.events ?? 0),
    ),
    gauge(
      'walhook_parked_bytes',
      'Parked now.',
      each(({ waiting }) => waiting?.bytes ?? 0),
    ),
    gauge(
      'walhook_parked_oldest_timestamp_seconds',
      'Since when the oldest of what is parked now has waited.',
      endpoints.flatMap(({ name: endpoint, waiting }) =>
        timestamps({ pipeline, endpoint }, waiting?.oldest_at ?? null),
      ),
    ),
    gauge(
      'walhook_dead_letters',
      'Refused for good, and kept.',
      each(({ dead_letters: letters }) => letters),
    ),
  ];
}

function deadLetterReasons(pipeline: string, letters: readonly DeadLetterCount[]): MetricFamily {
  return gauge(
    'walhook_dead_letters_by_reason',
    'Refused for good, and kept, by why.',
    letters.map(({ endpoint, reason, letters: value }) => ({
      labels: { pipeline, endpoint, reason },
      value,
    })),
  );
}

function parkingBounds({ pipeline: { name, parkingBounds: bounds } }: PipelineAccess) {
  const each = (valueOf: (bound: ParkingBounds) => number): Sample[] =>
    [...bounds].map(([endpoint, bound]) => ({
      labels: { pipeline: name, endpoint },
      value: valueOf(bound),
    }));
  return [
    gauge(
      'walhook_parked_max_events',
      'As many may be parked.',
      each(({ maxEvents }) => maxEvents),
    ),
    gauge(
      'walhook_parked_max_bytes',
      'As many may be parked.',
      each(({ maxBytes }) => maxBytes),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: 'gauge', help, samples };
}

function timestamps(labels: Sample['labels'], instant: string | null): Sample[] {
  return instant === null ? [] : [{ labels, value: Date.parse(instant) / 1_000 }];
}

function lagSeconds({ settled_through: through }: Status, now: number): number | null {
  return through === null ? null : Math.max(0, now - Date.parse(through)) / 1_000;
}

/** null: never, or nobody knows. */
function forecastSeconds(safeBytes: number | null, walRate: number | null): number | null {
  if (safeBytes === null || walRate === null || walRate === 0) return null;
  return Math.max(0, safeBytes) / walRate;
}

function positionOf(lsn: string | null): number | null {
  return lsn === null ? null : Number(parseLsn(lsn));
}
