import type { DeadLetterFilter } from '../drain/state-store.ts';

export type DeadLetterSelection = {
  readonly [K in keyof DeadLetterFilter]?: DeadLetterFilter[K] | undefined;
};

/** What is not said selects nothing. */
export function deadLetterFilter(selection: DeadLetterSelection): DeadLetterFilter {
  const { ids, endpoint, table, reason, since, until } = selection;
  const given = { ids, endpoint, table, reason, since, until };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function isSelective(filter: DeadLetterFilter): boolean {
  return Object.keys(filter).length > 0;
}

const MAX_ID = (1n << 63n) - 1n;

/** Of 64 bits, and positive; null where the text is no such id. */
export function deadLetterId(text: string): bigint | null {
  if (!/^\d{1,19}$/.test(text)) return null;
  const id = BigInt(text);
  return id >= 1n && id <= MAX_ID ? id : null;
}
