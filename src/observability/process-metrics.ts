import type { Clock } from '../clock/clock.ts';
import type { Span, StartSpan } from '../delivery/tracing.ts';
import type { MetricFamily, Sample } from './exposition.ts';

/** Upper bounds in seconds, from a receiver nearby to the longest time-out that is usual. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

type Latency = { readonly atMost: number[]; sum: number; count: number };

/**
 * What this process has seen of attempts and windows since it started: no table keeps it. It watches
 * their spans, whether or not anybody collects those.
 */
export class ProcessMetrics {
  readonly #clock: Clock;
  readonly #outcomes = new Map<string, Map<string, number>>();
  readonly #latencies = new Map<string, Latency>();
  readonly #windows = { walBytes: 0, decodedMs: 0, count: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(startSpan: StartSpan): StartSpan {
    return (name, attributes) => this.#watchParts(startSpan(name, attributes));
  }

  families(pipeline: string): MetricFamily[] {
    return [
      {
        name: 'walhook_attempts_total',
        type: 'counter',
        help: 'Attempts of this process by outcome.',
        samples: [...this.#outcomes].flatMap(([endpoint, outcomes]) =>
          [...outcomes].map(([outcome, value]) => ({
            labels: { pipeline, endpoint, outcome },
            value,
          })),
        ),
      },
      {
        name: 'event_sink_latency_seconds',
        type: 'histogram',
        help: 'From the beginning of an attempt of this process to its outcome.',
        samples: [...this.#latencies].flatMap(([endpoint, latency]) =>
          histogram({ pipeline, endpoint }, latency),
        ),
      },
      ...this.#windowFamilies(pipeline),
    ];
  }

  #windowFamilies(pipeline: string): MetricFamily[] {
    const { walBytes, decodedMs, count } = this.#windows;
    const total = (name: string, help: string, value: number): MetricFamily => ({
      name,
      type: 'counter',
      help,
      samples: count === 0 ? [] : [{ labels: { pipeline }, value }],
    });
    return [
      total('walhook_window_wal_bytes_total', 'WAL that windows of this process span.', walBytes),
      total(
        'walhook_window_decode_seconds_total',
        'For how long the server decoded before the first row of a window came.',
        decodedMs / 1_000,
      ),
    ];
  }

  #watchParts(span: Span): Span {
    return {
      get traceparent() {
        return span.traceparent;
      },
      child: (name, attributes, kind) => {
        const part = this.#watchParts(span.child(name, attributes, kind));
        const endpoint = attributes['walhook.endpoint'];
        if (name === 'walhook.window') return this.#costed(part);
        return name === 'walhook.attempt' ? this.#timed(part, String(endpoint)) : part;
      },
      end: (attributes, failure) => span.end(attributes, failure),
    };
  }

  #timed(span: Span, endpoint: string): Span {
    const startedAt = this.#clock.now();
    return {
      ...span,
      end: (attributes, failure) => {
        const seconds = Math.max(0, this.#clock.now() - startedAt) / 1_000;
        this.#note(endpoint, String(attributes['walhook.outcome']), seconds);
        span.end(attributes, failure);
      },
    };
  }

  /** A window that was left before its end has no cost. */
  #costed(span: Span): Span {
    return {
      ...span,
      end: (attributes, failure) => {
        this.#windows.walBytes += Number(attributes['walhook.wal_bytes'] ?? 0);
        this.#windows.decodedMs += Number(attributes['walhook.decoded_ms'] ?? 0);
        this.#windows.count += 1;
        span.end(attributes, failure);
      },
    };
  }

  #note(endpoint: string, outcome: string, seconds: number): void {
    const outcomes = this.#outcomes.get(endpoint) ?? new Map<string, number>();
    this.#outcomes.set(endpoint, outcomes);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const latency = this.#latencies.get(endpoint) ?? {
      atMost: BOUNDS.map(() => 0),
      sum: 0,
      count: 0,
    };
    this.#latencies.set(endpoint, latency);
    for (const [index, bound] of BOUNDS.entries()) {
      if (seconds <= bound) latency.atMost[index]! += 1;
    }
    latency.sum += seconds;
    latency.count += 1;
  }
}

function histogram(labels: Sample['labels'], { atMost, sum, count }: Latency): Sample[] {
  const bucket = (le: string, value: number): Sample => ({
    labels: { ...labels, le },
    value,
    part: 'bucket',
  });
  return [
    ...BOUNDS.map((bound, index) => bucket(String(bound), atMost[index]!)),
    bucket('+Inf', count),
    { labels, value: sum, part: 'sum' },
    { labels, value: count, part: 'count' },
  ];
}
