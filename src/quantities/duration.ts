const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

export const DURATION = /^(\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h)$/;

/** Milliseconds of `500ms`, `25s`, `1.5m` or `1h`; null where the text is no such time. */
export function durationMs(text: string): number | null {
  const match = DURATION.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * MS_PER_UNIT[match[2]!]!);
}
