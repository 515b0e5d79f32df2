import type { Framing } from './framing.ts';
import { ascii } from './text-bytes.ts';

/** One event a line, the last line ended too. */
export const jsonLines: Framing = {
  head: () => ascii(''),
  separator: ascii('\n'),
  tail: ascii('\n'),
};
