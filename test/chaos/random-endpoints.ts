import type { WalhookConfig } from '../../src/config/schema.ts';
import type { Ordering } from '../../src/delivery/lane-assignment.ts';
import type { Random } from '../kill/random.ts';
import type { WalhookEvent } from '../kill/received-event.ts';
import type { PipelineOptions } from '../support/pipeline.ts';
import type { Faults } from './faulty-receiver.ts';

export type RandomEndpoint = {
  readonly name: string;
  readonly ordering: Ordering;
  readonly options: HttpEndpoint;
  readonly faults: Faults;
  readonly wants: (event: WalhookEvent) => boolean;
  /** Whether what it gets is enough to rebuild the source's tables from. */
  readonly getsEverything: boolean;
};

export type HttpEndpoint = Extract<WalhookConfig['endpoints'][number], { type: 'http' }>;

const ENDPOINTS = 10;
/** Longer than a receiver that answers at once ever needs, or a confirmation would be in doubt. */
const TIMEOUT_MS = 800;

/** Ten endpoints that differ in everything that decides what becomes of an event. */
export function randomEndpoints(random: Random, url: string): RandomEndpoint[] {
  return Array.from({ length: ENDPOINTS }, (_, i) => randomEndpoint(random, url, i));
}

function randomEndpoint(random: Random, url: string, index: number): RandomEndpoint {
  const name = `endpoint-${index}`;
  const ordering = random.pick<Ordering>(['key', 'key', 'strict', 'none']);
  // One of them shows which events there are, and what they say.
  const { filter, wants } = index === 0 ? EVERYTHING : random.pick(FILTERS);
  const options: HttpEndpoint = {
    name,
    type: 'http',
    url: `${url}${name}`,
    ordering,
    concurrency: 1 + random.below(5),
    batch: { maxEvents: random.pick([1, 2, 5, 20, 100]), maxBytes: random.pick([2_048, 100_000]) },
    timeoutMs: TIMEOUT_MS,
    retry: { attempts: 1 + random.below(3), minDelayMs: 0, maxDelayMs: random.pick([0, 5, 30]) },
    circuitBreaker: { failures: 1 + random.below(5), resetMs: random.pick([0, 0, 0, 200]) },
    onUnavailable: random.pick(['park', 'park', 'park', 'hold']),
    parkAfterMs: random.pick([0, 0, 0, 50, 300_000]),
    parkAfterBytes: random.pick([0, 3_000, 1 << 28]),
    maxParkedEvents: random.pick([30, 1_000_000, 1_000_000]),
    maxParkedBytes: random.pick([5_000, 1 << 30, 1 << 30]),
    ...(filter !== undefined && { filter }),
  };
  const faults = {
    refusedPercent: random.pick([0, 0, 2, 10]),
    failingItemPercent: random.pick([0, 0, 3, 10]),
    maxBodyBytes: random.pick([Infinity, Infinity, 3_000, 900]),
  };
  return { name, ordering, options, faults, wants, getsEverything: filter === undefined };
}

type FilterChoice = {
  readonly filter: HttpEndpoint['filter'];
  readonly wants: (event: WalhookEvent) => boolean;
};

const EVERYTHING: FilterChoice = { filter: undefined, wants: () => true };

const FILTERS: readonly FilterChoice[] = [
  EVERYTHING,
  EVERYTHING,
  EVERYTHING,
  {
    filter: { tables: ['public.l*', '!public.labels'] },
    wants: ({ table }) => table === null || table === 'lines',
  },
  {
    filter: { operations: ['insert', 'delete', 'truncate'] },
    wants: ({ op }) => op === 'insert' || op === 'delete' || op === 'truncate',
  },
  {
    filter: { tables: ['accounts'], where: { 'after.active': true } },
    wants: ({ table, after }) => table === 'accounts' && after?.['active'] === true,
  },
];

export function optionsOf(endpoints: readonly RandomEndpoint[], random: Random): PipelineOptions {
  return {
    endpoints: endpoints.map(({ options }) => options),
    drain: {
      maxWindowChanges: random.pick([20, 100, 500]),
      maxWindowBytes: random.pick([4_096, 50_000, 1 << 20]),
      checkpointMs: random.pick([1, 5, 50, 500]),
      reader: random.pick(['copy', 'rows'] as const),
    },
  };
}

/** The same endpoint, told otherwise by whoever runs it: what is parked was parked under the old policy. */
export function changedPolicy(options: HttpEndpoint, random: Random): HttpEndpoint {
  return random.chance(50)
    ? { ...options, onUnavailable: options.onUnavailable === 'park' ? 'hold' : 'park' }
    : { ...options, concurrency: 1 + random.below(8) };
}
