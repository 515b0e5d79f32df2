/**
 * A position in the write-ahead log: a byte offset, 64 bits, unsigned.
 * Compared as a number; its text form does not sort.
 * @see https://www.postgresql.org/docs/current/datatype-pg-lsn.html
 */
export type Lsn = bigint & { readonly __lsn: never };

export const ZERO_LSN = 0n as Lsn;

const LSN_TEXT = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i;

export class LsnSyntaxError extends Error {
  readonly code = 'lsn_syntax';
  override readonly name = 'LsnSyntaxError';

  constructor(text: string) {
    super(
      `not an LSN: ${JSON.stringify(text)}; expected two hexadecimal numbers, like 16/B374D848`,
    );
  }
}

/** Reads `X/Y` as Postgres prints a pg_lsn. Throws LsnSyntaxError. */
export function parseLsn(text: string): Lsn {
  const match = LSN_TEXT.exec(text);
  if (match === null) throw new LsnSyntaxError(text);
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn;
}

/** `X/Y`, upper-case hexadecimal without leading zeros, as Postgres prints it. */
export function formatLsn(lsn: Lsn): string {
  return formatLsnHalves(Number(lsn >> 32n), Number(lsn & 0xffffffffn));
}

/** The same from the two 32-bit halves, for paths that never build a bigint. */
export function formatLsnHalves(high: number, low: number): string {
  return `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`;
}

/** 16 upper-case hexadecimal digits: sorts as text in WAL order. */
export function sortableLsn(lsn: Lsn): string {
  return lsn.toString(16).toUpperCase().padStart(16, '0');
}

export function toLsn(value: bigint): Lsn {
  return BigInt.asUintN(64, value) as Lsn;
}

export function minLsn(a: Lsn, b: Lsn): Lsn {
  return a < b ? a : b;
}

export function maxLsn(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b;
}
