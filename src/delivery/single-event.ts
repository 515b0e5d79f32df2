import type { Framing } from '../formats/framing.ts';

const NOTHING = new Uint8Array(0);

/** One event a body: the body is the event itself. */
export const singleEvent: Framing = { head: () => NOTHING, separator: NOTHING, tail: NOTHING };
