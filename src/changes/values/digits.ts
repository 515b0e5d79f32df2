const ZERO = 0x30;
const NINE = 0x39;

/** The first index from `from` on that holds no decimal digit; `end` where all do. */
export function skipDigits(source: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && source[i]! >= ZERO && source[i]! <= NINE) i++;
  return i;
}
