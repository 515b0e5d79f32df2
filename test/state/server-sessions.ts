import type { Client } from 'pg';
import type { LeaseSession } from '../../src/drain/state-store.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import type { TestDatabase } from '../support/database.ts';
import { acquire, type StoreUnderTest } from './registered-store.ts';

/** As postgres/connection.ts tells it: to the microsecond, in a form that no setting changes. */
export async function sessionOf(client: Client): Promise<LeaseSession> {
  const { rows } = await client.query<LeaseSession>(
    `select pid, to_json(backend_start) #>> '{}' as "startedAt"
     from pg_stat_activity where pid = pg_backend_pid()`,
  );
  return rows[0]!;
}

/** A drainer that took the lease for a long time, and then was killed. */
export async function holdWithEndedSession({ database }: StoreUnderTest): Promise<void> {
  const client = await database.client();
  const session = await sessionOf(client);
  await acquire(createStateStore({ client, schema: 'walhook' }), { ttlMs: 3_600_000, session });
  await endSession(database, client);
}

/** The server is done with it a moment after the client is. */
export async function endSession(database: TestDatabase, client: Client): Promise<void> {
  const { pid } = await sessionOf(client);
  await client.end();
  await until(database, `not exists (select from pg_stat_activity where pid = ${pid})`);
}

export function untilBlocked(database: TestDatabase, pid: number): Promise<void> {
  return until(database, `cardinality(pg_blocking_pids(${pid})) > 0`);
}

async function until(database: TestDatabase, condition: string): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ met: boolean }>(`select ${condition} as met`);
    if (row?.met === true) return;
  }
}
