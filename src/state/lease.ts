import { and, eq, gt, isNotNull, type SQL, sql } from 'drizzle-orm';
import type {
  Lease,
  LeaseOutcome,
  LeaseRecord,
  LeaseRequest,
  LeaseSession,
} from '../drain/state-store.ts';
import type { DrainHeadway } from '../drain/headway.ts';
import { NO_WINDOWS, type WindowTotals } from '../drain/window-totals.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { damaged } from './damage.ts';
import { DURABLY } from './durable-commit.ts';
import { headwayOf } from './headway.ts';
import { CLOCK, epochMs, fromNow, instant } from './instants.ts';
import { notRegistered } from './pipelines.ts';
import { sqlState, type StateDatabase } from './state-database.ts';
import { plus } from './tallies.ts';

/** The pipeline's row as it was before this statement; `token` is null where it was not free. */
type LeaseRow = {
  slot: string;
  publication: string;
  database: string;
  system_identifier: string | null;
  timeline: string | null;
  publication_oid: string | null;
  announced_lsn: string;
  lease_owner: string | null;
  expires_at_ms: number | null;
  token: string | null;
};

const OUT_OF_RANGE = '22003';

/** No lease is for so long, whatever the server's clock says. */
const NEVER_MS = Date.UTC(9_999, 0);

/**
 * Takes the lease if it is free, has run out, is the owner's own from before its connection was lost,
 * or its holder's session is gone; one of any number at once gets it. `held` locks the row before
 * anything else is looked at: `verdict` is about the row that a competitor may just have written. Its
 * look at pg_stat_activity is a correlated count, never a join, because a transaction sees that view
 * as it was at its first look: taken before the wait for the row, it would miss the session of the
 * competitor, and take the lease from it.
 */
export async function acquireLease(
  { db, tables, schemaName }: StateDatabase,
  { pipeline, owner, ttlMs, session, slotAt, target }: LeaseRequest,
): Promise<LeaseOutcome> {
  const { pipelines } = tables;
  const { rows } = await db
    .execute<LeaseRow>(
      sql`
    with held as materialized (
      select * from ${pipelines} where pipeline = ${pipeline} for update
    ), verdict as materialized (
      select held.*,
        lease_expires_at is null or lease_expires_at <= ${CLOCK} or lease_owner = ${owner}
          or ${HOLDER_IS_GONE} as free
      from held
    ), taken as (
      update ${pipelines} as p set
        announced_lsn = case when ${formatLsn(slotAt)}::pg_lsn <= p.announced_lsn
          then greatest(p.announced_lsn, ${formatLsn(target)}::pg_lsn) else p.announced_lsn end,
        lease_owner = ${owner},
        lease_token = p.lease_token + 1,
        lease_expires_at = ${fromNow(ttlMs)},
        (lease_session_pid, lease_session_started_at) = (${visibleSession(session)}),
        updated_at = ${CLOCK}
      from verdict
      where p.pipeline = verdict.pipeline and verdict.free
      returning p.lease_token
    )
    select slot, publication, database, system_identifier, timeline, publication_oid,
      announced_lsn, lease_owner,
      ${epochMs(sql`lease_expires_at`)} as expires_at_ms,
      (select lease_token from taken) as token, ${DURABLY}
    from verdict`,
    )
    .catch((error: unknown) => {
      if (sqlState(error) !== OUT_OF_RANGE) throw error;
      const place = { table: 'pipelines', key: `pipeline ${pipeline}`, column: 'lease_token' };
      throw damaged(place, 'is the largest there is, so that no drainer can take the lease', error);
    });

  const [row] = rows;
  if (row === undefined) throw notRegistered(pipeline, schemaName);
  if (row.token === null) {
    if (Number(row.expires_at_ms) > NEVER_MS) {
      const place = { table: 'pipelines', key: `pipeline ${pipeline}`, column: 'lease_expires_at' };
      throw damaged(place, 'lies so far ahead that the lease never runs out');
    }
    return {
      kind: 'busy',
      owner: row.lease_owner ?? '',
      expiresAt: new Date(Number(row.expires_at_ms)),
    };
  }
  return {
    kind: 'acquired',
    lease: { pipeline, token: BigInt(row.token) },
    record: {
      pipeline,
      slot: row.slot,
      publication: row.publication,
      database: row.database,
      identity: {
        systemIdentifier: row.system_identifier,
        timeline: numberOrNull(row.timeline),
        publicationOid: numberOrNull(row.publication_oid),
      },
      announcedLsn: parseLsn(row.announced_lsn),
    },
  };
}

export async function renewLease(
  { db, tables: { pipelines } }: StateDatabase,
  lease: Lease,
  ttlMs: number,
): Promise<void> {
  const renewed = await db
    .update(pipelines)
    .set({ leaseExpiresAt: fromNow(ttlMs), updatedAt: CLOCK })
    .where(isCurrent({ pipelines }, lease))
    .returning({ pipeline: pipelines.pipeline });
  if (renewed.length === 0) throw leaseLost(lease);
}

export async function releaseLease(
  { db, tables: { pipelines } }: StateDatabase,
  { pipeline, token }: Lease,
  slotAt: Lsn | null,
  { walBytes, decodedMs }: WindowTotals = NO_WINDOWS,
  headway: DrainHeadway | null = null,
): Promise<void> {
  await db
    .update(pipelines)
    .set({
      ...(slotAt !== null && { announcedLsn: slotAt }),
      ...(headway !== null && headwayOf(pipelines, headway)),
      windowWalBytes: plus(pipelines.windowWalBytes, walBytes),
      windowDecodeMs: plus(pipelines.windowDecodeMs, decodedMs),
      leaseOwner: null,
      leaseExpiresAt: null,
      leaseSessionPid: null,
      leaseSessionStartedAt: null,
      updatedAt: CLOCK,
    })
    .where(
      and(
        eq(pipelines.pipeline, pipeline),
        eq(pipelines.leaseToken, token),
        // Released once: what was announced after that is not for this holder to take back.
        isNotNull(pipelines.leaseExpiresAt),
      ),
    );
}

export async function readLease(
  { db, tables: { pipelines } }: StateDatabase,
  pipeline: string,
): Promise<LeaseRecord | null> {
  const [row] = await db
    .select({
      owner: pipelines.leaseOwner,
      expiresAtMs: sql<number | null>`${epochMs(pipelines.leaseExpiresAt)}`,
      lastChangedAt: instant(pipelines.updatedAt),
    })
    .from(pipelines)
    .where(eq(pipelines.pipeline, pipeline));
  if (row === undefined) return null;
  const { owner, expiresAtMs, lastChangedAt } = row;
  const expiresAt = expiresAtMs === null ? null : new Date(Number(expiresAtMs));
  return { owner, expiresAt, lastChangedAt };
}

/** Whether the pipeline's row is held under this token, now. It goes where the row is locked too. */
export function isCurrent(
  { pipelines }: Pick<StateDatabase['tables'], 'pipelines'>,
  { pipeline, token }: Lease,
): SQL | undefined {
  return and(
    eq(pipelines.pipeline, pipeline),
    eq(pipelines.leaseToken, token),
    gt(pipelines.leaseExpiresAt, CLOCK),
  );
}

export function leaseLost({ pipeline, token }: Lease): WalhookError {
  return new WalhookError('lease_lost', 'The lease ran out or went to another drainer.', {
    detail: `pipeline ${JSON.stringify(pipeline)}, token ${token}`,
  });
}

/**
 * Where backend_start is hidden (a session of a role that this one is no member of), whoever has
 * the pid may be the holder, and only the expiry counts. A missing pid is gone for everybody.
 */
const HOLDER_IS_GONE = sql`(
  lease_session_pid is not null and (
    select count(*) from pg_catalog.pg_stat_activity a
    where a.pid = held.lease_session_pid
      and (a.backend_start is null or a.backend_start = held.lease_session_started_at)
  ) = 0)`;

/**
 * The session, if this server knows it. Any other (the state lies on another server, the time was
 * rounded on its way here) would look gone to the next drainer from the start.
 */
function visibleSession(session: LeaseSession | null): SQL {
  if (session === null) return sql`select null::integer, null::timestamptz`;
  return sql`
    select a.pid, a.backend_start from pg_catalog.pg_stat_activity a
    where a.pid = ${session.pid}::integer and a.backend_start = ${session.startedAt}::timestamptz`;
}

/** The driver gives an int8 as text. */
function numberOrNull(text: string | null): number | null {
  return text === null ? null : Number(text);
}
