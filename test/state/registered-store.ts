import type { Client } from 'pg';
import { positionBefore } from '../../src/changes/position.ts';
import { HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import type { ParkedBatch } from '../../src/delivery/parked-batch.ts';
import { NOTHING_COUNTED } from '../../src/delivery/dispatch-counts.ts';
import type { DeadLetter } from '../../src/delivery/dead-letter.ts';
import type {
  EndpointProgress,
  Lease,
  LeaseOutcome,
  LeaseRequest,
  PipelineRecord,
  StateStore,
} from '../../src/drain/state-store.ts';
import { toLsn, ZERO_LSN } from '../../src/pgoutput/lsn.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export const RECORD: PipelineRecord = {
  pipeline: 'shop',
  slot: 'shop_slot',
  publication: 'shop_publication',
  database: 'shop',
  identity: { systemIdentifier: '7341000000000000001', timeline: 1, publicationOid: 16_400 },
  announcedLsn: toLsn(0x1000n),
};

export type StoreUnderTest = {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly store: StateStore;
  /** Another process' store: over a connection of its own. */
  another(): Promise<StateStore>;
};

/** An empty database with the state tables and one registered pipeline. */
export async function openRegisteredStore(
  schema = 'walhook',
  encoding?: string,
): Promise<StoreUnderTest> {
  const database = await createTestDatabase(undefined, encoding);
  const client = await database.client();
  const store = createStateStore({ client, schema });
  await store.migrate();
  await store.registerPipeline(RECORD);
  const another = async () => createStateStore({ client: await database.client(), schema });
  return { database, client, store, another };
}

let drainers = 0;

export function leaseRequest(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  const target = toLsn(0x1000n);
  return {
    pipeline: 'shop',
    owner: `drainer ${++drainers}`,
    ttlMs: 60_000,
    session: null,
    slotAt: ZERO_LSN,
    target,
    ...changes,
  };
}

export async function acquire(
  store: StateStore,
  changes: Partial<LeaseRequest> = {},
): Promise<Lease> {
  return acquired(await store.acquireLease(leaseRequest(changes))).lease;
}

export function acquired(outcome: LeaseOutcome): LeaseOutcome & { kind: 'acquired' } {
  if (outcome.kind === 'acquired') return outcome;
  throw new Error(`busy: ${outcome.owner}`);
}

/** As if the time had passed on the server. */
export async function letLeaseRunOut({ database }: StoreUnderTest): Promise<void> {
  await database.query(
    `update walhook.pipelines set lease_expires_at = clock_timestamp() - interval '1 microsecond'`,
  );
}

export function progressOf(changes: Partial<EndpointProgress> = {}): EndpointProgress {
  return {
    endpoint: 'orders',
    settled: positionBefore(toLsn(0x1000n)),
    settledAhead: new Uint8Array(),
    state: 'active',
    reason: null,
    health: HEALTHY,
    ...NOTHING_COUNTED,
    ...changes,
  };
}

export function deadLetter(changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    endpoint: 'orders',
    position: { commitLsn: toLsn(0x2000n), seq: 3 },
    eventId: '0000000000002000-00000003',
    schema: 'public',
    table: 'orders',
    operation: 'insert',
    body: '{"id":1}',
    contentType: 'application/json',
    headers: {},
    reason: 'rejected',
    detail: 'HTTP 422',
    attempts: 1,
    answer: { status: 422, body: 'no' },
    ...changes,
  };
}

export function parkedBatch(changes: Partial<ParkedBatch> = {}): ParkedBatch {
  return {
    endpoint: 'orders',
    batchId: '0000000000002000-00000003',
    lanes: { numbering: 'key/4', lanes: [0] },
    contentType: 'application/json',
    headers: {},
    body: new TextEncoder().encode('{"id":1}'),
    events: [
      {
        position: { commitLsn: toLsn(0x2000n), seq: 3 },
        start: 0,
        end: 8,
        schema: 'public',
        table: 'orders',
        operation: 'insert',
      },
    ],
    ...changes,
  };
}
