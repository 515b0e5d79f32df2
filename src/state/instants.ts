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
  return sql`(extract(epoch from ${column}) * 1000)::float8`;
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

/** The other way: exact to the millisecond, null for null. */
export function fromEpochMs(ms: SQL): SQL {
  return sql`timestamptz 'epoch' + ${ms} * interval '1 millisecond'`;
}
