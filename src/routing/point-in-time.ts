const POINT =
  /^(\d{4,6})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?)?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?( BC)?$/;

/** Beyond any that Postgres has. */
const INFINITY = 1n << 64n;

/**
 * Microseconds since 1970 of a point in time in ISO form or Postgres' own, `infinity` and BC among
 * them; what is left out is the beginning of it. Without an offset it is UTC, as events have it. null:
 * that is none.
 */
export function pointInTime(text: string): bigint | null {
  if (text === 'infinity') return INFINITY;
  if (text === '-infinity') return -INFINITY;
  const match = POINT.exec(text);
  if (match === null) return null;
  const [, year, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0, fraction = ''] = match;
  const [sign, offsetHours = 0, offsetMinutes = 0, bc] = match.slice(9);
  const days = daysSince1970(bc === undefined ? Number(year) : 1 - Number(year), +month, +day);
  const isReal = days !== null && +hours <= 24 && +minutes < 60 && +seconds <= 60;
  if (!isReal) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
  const inSeconds = ((days * 24 + Number(hours)) * 60 + Number(minutes) - offset) * 60;
  return BigInt(inSeconds + Number(seconds)) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/**
 * In the Gregorian calendar, also before it was one, as Postgres counts; null: there is no such day.
 * By eras of 400 years that begin in March, so that a leap day is the last of its year.
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function daysSince1970(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  const ofMarch = month > 2 ? year : year - 1;
  const era = Math.floor(ofMarch / 400);
  const yearOfEra = ofMarch - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return isLeap ? 29 : 28;
}
