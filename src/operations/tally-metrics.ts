import {
  ATTEMPT_OUTCOMES,
  EMPTY_TALLY,
  eventIndex,
  FATES,
  LATENCY_BOUNDS_MS,
  OPERATIONS,
  type Tally,
} from '../delivery/tally.ts';
import type { PipelineTallies } from '../drain/state-store.ts';
import type { MetricFamily, Sample } from '../observability/exposition.ts';

const OUTCOME_OF_FATE = {
  delivered: 'delivered',
  filtered: 'filtered',
  parked: 'parked',
  deadLettered: 'dead_lettered',
} as const;

/**
 * What all drains have counted, also as zero: of a counter that appears with its first event, Prometheus
 * would not see that event.
 */
export function tallyFamilies(
  pipeline: string,
  endpoints: readonly string[],
  { windows, endpoints: tallies }: PipelineTallies,
): MetricFamily[] {
  const each = (samplesOf: (labels: Sample['labels'], tally: Tally) => Sample[]): Sample[] =>
    endpoints.flatMap((endpoint) =>
      samplesOf({ pipeline, endpoint }, tallies.get(endpoint) ?? EMPTY_TALLY),
    );
  const total = (name: string, help: string, value: number): MetricFamily => ({
    name,
    type: 'counter',
    help,
    samples: [{ labels: { pipeline }, value }],
  });
  return [
    {
      name: 'walhook_events_total',
      type: 'counter',
      help: 'Events by operation and by what became of them; what is parked counts again later.',
      samples: each(eventSamples),
    },
    {
      name: 'walhook_attempts_total',
      type: 'counter',
      help: 'Attempts by outcome.',
      samples: each(attemptSamples),
    },
    {
      name: 'event_sink_latency_seconds',
      type: 'histogram',
      help: 'From the beginning of an attempt to its outcome.',
      samples: each(latencySamples),
    },
    total('walhook_window_wal_bytes_total', 'WAL that windows span.', windows.walBytes),
    total(
      'walhook_window_decode_seconds_total',
      'For how long the server decoded before the first row of a window came.',
      windows.decodedMs / 1_000,
    ),
  ];
}

function eventSamples(labels: Sample['labels'], { events }: Tally): Sample[] {
  return OPERATIONS.flatMap((operation) =>
    FATES.map((fate) => ({
      labels: { ...labels, operation, outcome: OUTCOME_OF_FATE[fate] },
      value: events[eventIndex(operation, fate)]!,
    })),
  );
}

function attemptSamples(labels: Sample['labels'], { attempts }: Tally): Sample[] {
  return ATTEMPT_OUTCOMES.map((outcome, index) => ({
    labels: { ...labels, outcome },
    value: attempts[index]!,
  }));
}

/** A bucket holds whatever the ones before it hold. */
function latencySamples(labels: Sample['labels'], { latencies, attemptMs }: Tally): Sample[] {
  let count = 0;
  const buckets = latencies.map((within, index): Sample => {
    const bound = LATENCY_BOUNDS_MS[index];
    const le = bound === undefined ? '+Inf' : String(bound / 1_000);
    return { labels: { ...labels, le }, value: (count += within), part: 'bucket' };
  });
  return [
    ...buckets,
    { labels, value: attemptMs / 1_000, part: 'sum' },
    { labels, value: count, part: 'count' },
  ];
}
