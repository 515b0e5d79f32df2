import { and, count, desc, eq, gt, gte, isNotNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { DeadLetter } from '../delivery/dead-letter.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterKey,
  Lease,
  StoredDeadLetter,
} from '../drain/state-store.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import { assertTexts } from './damage.ts';
import { DURABLY } from './durable-commit.ts';
import { CLOCK, epochMsOrNull, instant } from './instants.ts';
import { isCurrent, leaseLost } from './lease.ts';
import type { StateTables } from './schema.ts';
import type { StateDatabase } from './state-database.ts';
import { storableTexts } from './storable-text.ts';

/** The row of the lease is locked, so that nobody takes it over before the letters are committed. */
export async function addDeadLetters(
  state: StateDatabase,
  lease: Lease,
  letters: readonly DeadLetter[],
): Promise<void> {
  const { db, tables } = state;
  const column = <T>(read: (letter: DeadLetter) => T) => sql.param(letters.map(read));
  const texts = async <T extends string | null>(read: (letter: DeadLetter) => T) =>
    sql.param(await storableTexts(state, letters.map(read)));
  // An event's own text is JSON in every format, and so means the same where it is escaped.
  const bodies = await texts(({ body }) => body);
  const headers = await texts((letter) => JSON.stringify(letter.headers));
  // A table may have a name that only its own database can write.
  const schemas = await texts(({ schema }) => schema);
  const names = await texts(({ table }) => table);
  // JSON, as the event's own text is.
  const keys = await texts(({ key }) => key ?? null);
  const details = await texts(({ detail }) => detail);
  const answers = await texts(({ answer }) => answer?.body ?? null);
  const { rows } = await db.execute(sql`
    with lease as materialized (
      select pipeline from ${tables.pipelines} where ${isCurrent(tables, lease)} for share
    ), added as (
      insert into ${tables.deadLetters} (
        pipeline, endpoint, commit_lsn, seq, event_id, schema, "table", operation, key,
        body, content_type, headers, reason, detail, attempts, last_attempt_at,
        answer_status, answer_body)
      select lease.pipeline, endpoint, commit_lsn, seq, event_id, schema, "table", operation, key,
        body, content_type, headers::json, reason, detail, attempts,
        case when attempts > 0 then ${CLOCK} end, answer_status, answer_body
      from lease, unnest(
        ${column(({ endpoint }) => endpoint)}::text[],
        ${column(({ position }) => formatLsn(position.commitLsn))}::pg_lsn[],
        ${column(({ position }) => position.seq)}::bigint[],
        ${column(({ eventId }) => eventId)}::text[],
        ${schemas}::text[],
        ${names}::text[],
        ${column(({ operation }) => operation)}::text[],
        ${keys}::text[],
        ${bodies}::text[],
        ${column(({ contentType }) => contentType)}::text[],
        ${headers}::text[],
        ${column(({ reason }) => reason)}::text[],
        ${details}::text[],
        ${column(({ attempts }) => attempts)}::integer[],
        ${column(({ answer }) => answer?.status ?? null)}::integer[],
        ${answers}::text[])
        as letter (endpoint, commit_lsn, seq, event_id, schema, "table", operation, key,
          body, content_type, headers, reason, detail, attempts, answer_status, answer_body)
      on conflict on constraint dead_letters_position do nothing
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
}

export async function countDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({ endpoint: deadLetters.endpoint, letters: count() })
    .from(deadLetters)
    .where(eq(deadLetters.pipeline, pipeline))
    .groupBy(deadLetters.endpoint);
  return new Map(rows.map(({ endpoint, letters }) => [endpoint, letters]));
}

export function countDeadLetterReasons(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
): Promise<readonly DeadLetterCount[]> {
  const { endpoint, reason } = deadLetters;
  return db
    .select({ endpoint, reason, letters: count() })
    .from(deadLetters)
    .where(eq(deadLetters.pipeline, pipeline))
    .groupBy(endpoint, reason)
    .orderBy(endpoint, reason);
}

export async function listDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
  filter: DeadLetterFilter,
  limit: number,
): Promise<readonly StoredDeadLetter[]> {
  const rows = await db
    .select(letterColumns(deadLetters))
    .from(deadLetters)
    .where(matching(deadLetters, pipeline, filter))
    .orderBy(desc(deadLetters.id))
    .limit(limit);
  return rows.map(storedLetter);
}

export async function countMatchingDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
  filter: DeadLetterFilter,
): Promise<number> {
  const [row] = await db
    .select({ letters: count() })
    .from(deadLetters)
    .where(matching(deadLetters, pipeline, filter));
  return row?.letters ?? 0;
}

export function findDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
  filter: DeadLetterFilter,
): Promise<readonly DeadLetterKey[]> {
  return db
    .select({
      id: deadLetters.id,
      endpoint: deadLetters.endpoint,
      hasBody: isNotNull(deadLetters.body) as SQL<boolean>,
      wasSent: gt(deadLetters.attempts, 0) as SQL<boolean>,
    })
    .from(deadLetters)
    .where(matching(deadLetters, pipeline, filter))
    .orderBy(deadLetters.commitLsn, deadLetters.seq, deadLetters.endpoint);
}

/** Waits for a letter that is being redriven, and counts it only if it is still there then. */
export async function discardDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
  filter: DeadLetterFilter,
): Promise<number> {
  const gone = db.$with('gone').as(
    db
      .delete(deadLetters)
      .where(matching(deadLetters, pipeline, filter))
      .returning({ id: deadLetters.id }),
  );
  const [row] = await db.with(gone).select({ letters: count() }).from(gone);
  return row?.letters ?? 0;
}

type DeadLetterTable = StateTables['deadLetters'];

function matching(
  letters: DeadLetterTable,
  pipeline: string,
  { ids, endpoint, table, reason, since, until }: DeadLetterFilter,
): SQL | undefined {
  return and(
    eq(letters.pipeline, pipeline),
    ids === undefined
      ? undefined
      : sql`${letters.id} = any(${sql.param(ids.map(String))}::bigint[])`,
    endpoint === undefined ? undefined : eq(letters.endpoint, endpoint),
    table === undefined
      ? undefined
      : or(eq(letters.table, table), eq(sql`${letters.schema} || '.' || ${letters.table}`, table)),
    reason === undefined ? undefined : eq(letters.reason, reason),
    since === undefined ? undefined : gte(letters.createdAt, since),
    until === undefined ? undefined : lt(letters.createdAt, until),
  );
}

export function letterColumns(letters: DeadLetterTable) {
  return {
    id: letters.id,
    endpoint: letters.endpoint,
    position: { commitLsn: letters.commitLsn, seq: letters.seq },
    eventId: letters.eventId,
    schema: letters.schema,
    table: letters.table,
    operation: letters.operation,
    key: letters.key,
    body: letters.body,
    contentType: letters.contentType,
    headers: letters.headers,
    reason: letters.reason,
    detail: letters.detail,
    attempts: letters.attempts,
    answer: { status: letters.answerStatus, body: letters.answerBody },
    createdAt: instant(letters.createdAt),
    lastAttemptMs: epochMsOrNull(letters.lastAttemptAt),
  };
}

type LetterRow = Omit<StoredDeadLetter, 'key' | 'headers' | 'answer' | 'lastAttemptAt'> & {
  readonly key: string | null;
  readonly headers: StoredDeadLetter['headers'] | null;
  readonly answer: { readonly status: number | null; readonly body: string | null } | null;
  readonly lastAttemptMs: number | null;
};

export function storedLetter({ lastAttemptMs, key, ...row }: LetterRow): StoredDeadLetter {
  const { headers, answer } = row;
  if (headers !== null) {
    assertTexts(headers, { table: 'dead_letters', key: `id ${row.id}`, column: 'headers' });
  }
  return {
    ...row,
    ...(key === null ? {} : { key }),
    // Those of before this column have none.
    headers: headers ?? {},
    answer:
      answer === null || answer.status === null
        ? null
        : { status: answer.status, body: answer.body ?? '' },
    lastAttemptAt: lastAttemptMs === null ? null : new Date(lastAttemptMs),
  };
}
