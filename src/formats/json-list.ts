import type { Framing } from './framing.ts';
import { ascii } from './text-bytes.ts';

/** `[…]` */
export const jsonList: Framing = enclose('[', ']');

/** Events with fixed text around them, and commas between. */
export function enclose(open: string, close: string): Framing {
  const head = ascii(open);
  return { head: () => head, separator: ascii(','), tail: ascii(close) };
}
