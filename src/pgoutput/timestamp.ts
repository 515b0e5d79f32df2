const MICROS_PER_DAY = 86_400_000_000n;
const MS_PER_DAY = 86_400_000;
/** The Gregorian calendar repeats after 400 years. */
const DAYS_PER_CYCLE = 146_097;

/** 2000-01-01 00:00 UTC, the Postgres epoch, in microseconds since 1970. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000n;

/** Microseconds since 1970-01-01 00:00 UTC, from a message's microseconds since the Postgres epoch. */
export function toUnixMicros(timestamp: bigint): bigint {
  return timestamp + POSTGRES_EPOCH_MICROS;
}

/**
 * A message's timestamp as ISO 8601 in UTC, always with six digits: `2026-01-31T12:00:00.123456Z`.
 * Years outside 0000 to 9999 take ISO 8601's expanded form, a sign and six digits; every 64-bit value
 * has a text, also those beyond a JavaScript Date.
 */
export function postgresTimestamp(timestamp: bigint): string {
  const micros = toUnixMicros(timestamp);
  const microsOfDay = Number(positiveRemainder(micros, MICROS_PER_DAY));
  const days = Number((micros - BigInt(microsOfDay)) / MICROS_PER_DAY);

  // A Date spans fewer years than 64 bits of microseconds: read the date in the cycle after 1970.
  const cycles = Math.floor(days / DAYS_PER_CYCLE);
  const msOfDay = Math.floor(microsOfDay / 1000);
  const date = new Date((days - cycles * DAYS_PER_CYCLE) * MS_PER_DAY + msOfDay);
  const year = formatYear(date.getUTCFullYear() + cycles * 400);
  const lastThreeDigits = String(microsOfDay % 1000).padStart(3, '0');
  return `${year}${date.toISOString().slice(4, -1)}${lastThreeDigits}Z`;
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

function positiveRemainder(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}
