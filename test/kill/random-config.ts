import type { Ordering } from '../../src/delivery/lane-assignment.ts';
import type { PipelineOptions } from '../support/pipeline.ts';
import type { Random } from './random.ts';

export type RandomConfig = {
  readonly options: PipelineOptions;
  readonly orderings: ReadonlyMap<string, Ordering>;
  /** With slots to spare the reader goes ahead of the slot; without, it peeks window by window. */
  readonly readsAhead: boolean;
};

/** Small windows, small batches, quick checkpoints: many places to die at in little time. */
export function randomConfig(random: Random, url: string): RandomConfig {
  const orderings = new Map<string, Ordering>();
  const endpoints = ['first', 'second', 'third'].slice(0, 1 + random.below(3)).map((name) => {
    const ordering = random.pick<Ordering>(['key', 'key', 'strict', 'none']);
    orderings.set(name, ordering);
    return {
      name,
      type: 'http' as const,
      url: `${url}${name}`,
      ordering,
      concurrency: 1 + random.below(4),
      batch: { maxEvents: random.pick([1, 2, 5, 10, 50]) },
      retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 5 },
      // Drains follow each other without a pause: an endpoint that is back has to be tried at once.
      circuitBreaker: { resetMs: 0 },
    };
  });
  const drain = {
    maxWindowChanges: random.pick([1, 20, 50, 500]),
    maxWindowBytes: random.pick([2_048, 20_000, 1 << 20]),
    checkpointMs: random.pick([1, 5, 50, 500]),
    reader: random.pick(['copy', 'rows'] as const),
  };
  return { options: { endpoints, drain }, orderings, readsAhead: random.chance(60) };
}
