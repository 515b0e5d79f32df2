import type { JsonWriter } from '../json-writer.ts';
import type { PgType } from '../type-catalog.ts';

/**
 * Writes one value as JSON: `source[start, end)` is its text form as the server prints it, with
 * datestyle ISO, timezone UTC, intervalstyle iso_8601 and bytea_output hex, in UTF-8.
 * Total: what is not the type's text form is written as a JSON string of the text itself, so that a
 * surprise in one value never breaks the JSON around it.
 */
export type ValueWriter = (source: Uint8Array, start: number, end: number, out: JsonWriter) => void;

export type ValueOptions = {
  /** How int8 and xid8 are written: receivers that read JSON numbers as doubles want strings. */
  readonly int8: 'number' | 'string';
  /** As a number the digits stay exact; NaN and the infinities are strings either way. */
  readonly numeric: 'string' | 'number';
  /**
   * Where a receiver wants a type in another form: asked for each type, also of an array's elements.
   * undefined: as everywhere else.
   */
  readonly override?: (typeOid: number, type: PgType) => ValueWriter | undefined;
};
