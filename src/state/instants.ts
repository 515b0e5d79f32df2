import { type AnyColumn, sql, type SQL } from 'drizzle-orm';

/**
 * The server's clock at this moment. now() is the start of the transaction, and stands still while
 * a statement waits for a row: a lease that ran out meanwhile would pass for a valid one.
 */
export const CLOCK = sql`clock_timestamp()`;

export function fromNow(ms: number): SQL {
  return sql`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`;
}

/** A timestamptz as a number: its text form depends on the session's datestyle. */
export function epochMs(column: AnyColumn | SQL): SQL {
  // A timestamptz may be infinite, or beyond the last Date; then it is the last one.
  // Of null, greatest and least would make the other.
  return sql`case when ${column} is not null
    then least(greatest(extract(epoch from ${column}) * 1000, -8.64e15), 8.64e15)::float8 end`;
}

export function instant(column: AnyColumn): SQL<Date> {
  return epochMs(column).mapWith((ms: number | string) => new Date(Number(ms)));
}

/** Milliseconds since the epoch, or null, of a column that may be null. */
export function epochMsOrNull(column: AnyColumn): SQL<number | null> {
  // drizzle calls a decoder only for what is not null.
  return epochMs(column).mapWith(Number) as SQL<number | null>;
}

/** The last Date. The server's timestamptz reaches further. */
const LATEST_MS = 8.64e15;

/**
 * A time from 1970 on that a timestamptz can hold: the nearest one, or null where it is none. What
 * is written in one statement with others must not be what fails it.
 */
export function storableMs(ms: number | null): number | null {
  if (ms === null || Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), LATEST_MS);
}

const EARLIEST_TEXT = Date.parse('0001-01-01T00:00:00Z');
const LATEST_TEXT = Date.UTC(9_999, 11, 31);

/**
 * As text that every server reads, exact to the millisecond, so that it compares equal to what was
 * read. ISO 8601 writes years outside 1 to 9999 as no server does: a clock that is so wrong has the
 * nearest of these.
 */
export function timeText(date: Date): string {
  const ms = Math.min(Math.max(date.getTime(), EARLIEST_TEXT), LATEST_TEXT);
  return new Date(ms).toISOString();
}

export function time(date: Date): SQL {
  return sql`${timeText(date)}::timestamptz`;
}

/** The other way: exact to the millisecond, null for null. */
export function fromEpochMs(ms: SQL): SQL {
  return sql`timestamptz 'epoch' + ${ms} * interval '1 millisecond'`;
}
