import { and, eq, isNull, sql, type SQL } from 'drizzle-orm';
import type { Incident, RuleName } from '../health/alerting/incident.ts';
import {
  type ClaimedMessage,
  MAX_ATTEMPTS,
  type MessageRequest,
  type Observation,
  type SendFailures,
} from '../health/alerting/incident-store.ts';
import { epochMs, instant, time, timeText } from './instants.ts';
import { sqlState, type StateDatabase } from './state-database.ts';
import { storableText, storableTexts } from './storable-text.ts';

export async function listOpenIncidents(
  { db, tables: { incidents } }: StateDatabase,
  pipeline: string,
): Promise<readonly Incident[]> {
  const rows = await db
    .select({
      rule: incidents.rule,
      subject: incidents.subject,
      openedAt: instant(incidents.openedAt),
      detail: incidents.detail,
    })
    .from(incidents)
    .where(and(eq(incidents.pipeline, pipeline), isNull(incidents.resolvedAt)));
  // A row of a later version's rule is nobody's here: no rule asks for it.
  return rows.map(({ rule, ...row }) => ({ ...row, rule: rule as RuleName, resolvedAt: null }));
}

/**
 * One statement, and no write where nothing is wrong nor was. The unique index over open incidents
 * makes one of what several processes see at once. An incident begins no earlier than the last one of
 * its key ended, whatever it says of itself. One that nobody was told of ends without a word.
 */
export async function observeIncidents(
  state: StateDatabase,
  observation: Observation,
): Promise<void> {
  try {
    await observeOnce(state, observation);
  } catch (error) {
    // The same incident at the same time: the primary key may meet it before the other index does.
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    await observeOnce(state, observation);
  }
}

const UNIQUE_VIOLATION = '23505';

async function observeOnce(
  state: StateDatabase,
  { pipeline, at, raised, resolved, keepMs }: Observation,
): Promise<void> {
  const {
    db,
    tables: { incidents },
  } = state;
  const details = (found: readonly { readonly detail: string }[]): Promise<string[]> =>
    storableTexts(
      state,
      found.map(({ detail }) => detail),
    );
  const raisedDetails = await details(raised);
  const resolvedDetails = await details(resolved);
  await db.execute(sql`
    with opened as (
      insert into ${incidents} (pipeline, rule, subject, opened_at, last_seen_at, detail)
      select ${pipeline}, seen.rule, seen.subject,
        greatest(seen.since, (
          select max(before.resolved_at) + interval '1 millisecond' from ${incidents} before
          where before.pipeline = ${pipeline}
            and before.rule = seen.rule and before.subject = seen.subject)),
        ${time(at)}, seen.detail
      from unnest(
        ${sql.param(raised.map(({ rule }) => rule))}::text[],
        ${sql.param(raised.map(({ subject }) => subject))}::text[],
        ${sql.param(raised.map(({ since }) => timeText(since)))}::timestamptz[],
        ${sql.param(raisedDetails)}::text[]
      ) as seen (rule, subject, since, detail)
      on conflict (pipeline, rule, subject) where resolved_at is null
      do update set last_seen_at = excluded.last_seen_at, detail = excluded.detail
    ), ended as (
      update ${incidents} as incident set
        resolved_at = greatest(opened_at, ${time(at)}),
        last_seen_at = ${time(at)},
        detail = seen.detail,
        resolved_notified_at =
          case when notified_at is null and attempts = 0 then ${time(at)} end,
        attempts = 0,
        last_error = null
      from unnest(
        ${sql.param(resolved.map(({ rule }) => rule))}::text[],
        ${sql.param(resolved.map(({ subject }) => subject))}::text[],
        ${sql.param(resolvedDetails)}::text[]
      ) as seen (rule, subject, detail)
      where incident.pipeline = ${pipeline} and incident.resolved_at is null
        and incident.rule = seen.rule and incident.subject = seen.subject
    )
    delete from ${incidents}
    where pipeline = ${pipeline} and resolved_at < ${before(at, keepMs)}`);
}

/** What a claim whose process died is taken over after. Sending takes less: it is bounded. */
const CLAIM_MS = 60_000;
/** What is owed while it is being sent; where it stays, whoever sent it is gone. */
const BEING_SENT = 'not heard of since it was being sent';
/** In one drain. What is more comes with the next. */
const MOST_AT_ONCE = 20;

type ClaimRow = {
  rule: RuleName;
  subject: string;
  opened_ms: number;
  resolved_ms: number | null;
  told_ms: number | null;
  detail: string;
  attempts: number;
  last_error: string;
};

/**
 * `notified_at` and `resolved_notified_at` say since when a message is out, or being sent: then
 * `last_error` holds the channels that it is owed to, each with the reason. A row that another process
 * is about to claim is locked, and left to it.
 */
export async function claimIncidentMessages(
  { db, tables: { incidents } }: StateDatabase,
  { pipeline, at, due, channels, remindMs }: MessageRequest,
): Promise<readonly ClaimedMessage[]> {
  const owed = JSON.stringify(Object.fromEntries(channels.map((name) => [name, BEING_SENT])));
  const { rows } = await db.execute<ClaimRow>(sql`
    with due as materialized (
      select rule, subject, opened_at, notified_at, last_error from ${incidents}
      where pipeline = ${pipeline} and attempts < ${MAX_ATTEMPTS} and (
        (resolved_at is null and (rule, subject) in (
            select * from unnest(
              ${sql.param(due.map(({ rule }) => rule))}::text[],
              ${sql.param(due.map(({ subject }) => subject))}::text[]))
          and (notified_at is null or ${isAbandoned(sql`notified_at`, at)}
            or (${remindMs}::float8 > 0 and last_error is null
              and notified_at <= ${before(at, remindMs)})))
        or (resolved_at is not null
          and (resolved_notified_at is null or ${isAbandoned(sql`resolved_notified_at`, at)})))
      order by opened_at, rule, subject
      limit ${MOST_AT_ONCE}
      for update skip locked
    )
    update ${incidents} as incident set
      notified_at = case when resolved_at is null then ${time(at)} else incident.notified_at end,
      resolved_notified_at = case when resolved_at is not null then ${time(at)} end,
      attempts = attempts + 1,
      last_error = coalesce(incident.last_error, ${owed})
    from due
    where incident.pipeline = ${pipeline} and incident.rule = due.rule
      and incident.subject = due.subject and incident.opened_at = due.opened_at
    returning incident.rule, incident.subject, incident.detail, incident.attempts,
      incident.last_error,
      ${epochMs(sql`incident.opened_at`)} as opened_ms,
      ${epochMs(sql`incident.resolved_at`)} as resolved_ms,
      ${epochMs(sql`due.notified_at`)} as told_ms`);
  return rows.map((row) => claimedMessage(row, pipeline, at, channels));
}

function isAbandoned(claimedAt: SQL, at: Date): SQL {
  return sql`(last_error is not null and ${claimedAt} < ${before(at, CLAIM_MS)})`;
}

function claimedMessage(
  row: ClaimRow,
  pipeline: string,
  claimedAt: Date,
  channels: readonly string[],
): ClaimedMessage {
  const { rule, subject, detail } = row;
  const resolvedAt = dateOrNull(row.resolved_ms);
  const toldAt = dateOrNull(row.told_ms);
  const owed = owedIn(row.last_error);
  return {
    pipeline,
    kind: resolvedAt !== null ? 'recovered' : toldAt === null ? 'opened' : 'reminder',
    incident: { rule, subject, openedAt: new Date(Number(row.opened_ms)), resolvedAt, detail },
    claimedAt,
    toldAt,
    attempt: row.attempts,
    // A channel that was taken out of the configuration is owed nothing any more.
    owed: channels.filter((name) => owed === null || Object.hasOwn(owed, name)),
  };
}

/** null where it was damaged: then it is owed to every channel, for once too often is better than never. */
function owedIn(text: string): SendFailures | null {
  try {
    const owed = JSON.parse(text) as unknown;
    return typeof owed === 'object' ? (owed as SendFailures | null) : null;
  } catch {
    return null;
  }
}

/** Only while the claim stands: an incident that was resolved meanwhile has another message. */
export async function settleIncidentMessage(
  state: StateDatabase,
  { pipeline, kind, incident, claimedAt, toldAt }: ClaimedMessage,
  failures: SendFailures,
): Promise<void> {
  const {
    db,
    tables: { incidents },
  } = state;
  const failed = Object.keys(failures).length > 0;
  const owed = await storableText(state, JSON.stringify(failures));
  const claim = kind === 'recovered' ? incidents.resolvedNotifiedAt : incidents.notifiedAt;
  const untold = kind === 'recovered' ? null : toldAt;
  await db
    .update(incidents)
    .set({
      ...(failed ? { [claimName(kind)]: untold } : { attempts: 0 }),
      lastError: failed ? owed : null,
    })
    .where(
      and(
        eq(incidents.pipeline, pipeline),
        eq(incidents.rule, incident.rule),
        eq(incidents.subject, incident.subject),
        eq(incidents.openedAt, time(incident.openedAt)),
        eq(claim, time(claimedAt)),
        kind === 'recovered' ? undefined : isNull(incidents.resolvedAt),
      ),
    );
}

function claimName(kind: ClaimedMessage['kind']): 'notifiedAt' | 'resolvedNotifiedAt' {
  return kind === 'recovered' ? 'resolvedNotifiedAt' : 'notifiedAt';
}

function before(date: Date, ms: number): SQL {
  return time(new Date(date.getTime() - ms));
}

function dateOrNull(ms: number | string | null): Date | null {
  return ms === null ? null : new Date(Number(ms));
}
