import { InvalidArgumentError } from 'commander';

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A date alone begins at 00:00 UTC; a time needs its zone: at night nobody knows which is meant. */
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** `2026-01-31T12:00Z`, `2026-01-31`, or that long ago: `90s`, `15m`, `2h`, `7d`. */
export function instantParser(now: () => number): (text: string) => Date {
  return (text) => {
    const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim());
    const instant = new Date(
      ago === null
        ? ISO.test(text.trim())
          ? Date.parse(text.trim().replace(' ', 'T'))
          : NaN
        : now() - Number(ago[1]) * MS_PER_UNIT[ago[2]!]!,
    );
    if (!Number.isNaN(instant.getTime())) return instant;
    throw new InvalidArgumentError(
      'It has to be a time like 2026-01-31T12:00Z, a date, or how long ago: 15m, 2h, 7d.',
    );
  };
}
