import { ascii } from './text-bytes.ts';

/** What stands around and between the values where a format makes two of one event. */
export type PairedValues = {
  readonly open: Uint8Array;
  readonly between: Uint8Array;
  readonly close: Uint8Array;
};

const NOTHING = new Uint8Array(0);

/** Two items of the list that the body is. */
export const pairInList: PairedValues = { open: NOTHING, between: ascii(','), close: NOTHING };
/** A list of their own, where the body is one event alone. */
export const pairAlone: PairedValues = { open: ascii('['), between: ascii(','), close: ascii(']') };
export const pairOfLines: PairedValues = { open: NOTHING, between: ascii('\n'), close: NOTHING };
