import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { exactNumber } from './exact-number.ts';
import { jsonText } from './lossless-json.ts';

/** A value on its way into a row: a type, and the text that the server would print of it. */
export type Cell = {
  /** null for a null, which fits any type. */
  readonly typeOid: number | null;
  readonly bytes: Uint8Array | null;
  /** The value's JSON. */
  readonly json: () => string;
};

export const NULL_CELL: Cell = { typeOid: null, bytes: null, json: () => 'null' };

const utf8 = new TextEncoder();

/**
 * A JavaScript value as one of the column's own type where it is one, else of the type that goes with
 * it. Throws TypeError for what no JSON could say.
 */
export function cellOf(value: unknown, ownType: number | null, values: ValueOptions): Cell {
  if (value === null) return NULL_CELL;
  const json = jsonText(value);
  if (json === undefined) throw new TypeError(`a ${typeof value} is no value of a column`);
  const { typeOid, text } = typed(value, json, ownType, values);
  return { typeOid, bytes: utf8.encode(text), json: () => json };
}

type TypedText = { readonly typeOid: number; readonly text: string };

function typed(
  value: unknown,
  json: string,
  ownType: number | null,
  values: ValueOptions,
): TypedText {
  switch (typeof value) {
    case 'string':
      return { typeOid: stringType(value, ownType, values), text: value };
    case 'boolean':
      return { typeOid: builtin.bool.oid, text: value ? 't' : 'f' };
    case 'bigint':
      return { typeOid: integerType(value, ownType), text: String(value) };
    case 'number':
      return { typeOid: numberType(value, ownType, values), text: String(value) };
    default:
      return { typeOid: ownType === builtin.json.oid ? ownType : builtin.jsonb.oid, text: json };
  }
}

/** Types whose values are any text. */
const TEXTS: ReadonlySet<number | null> = new Set([
  builtin.text.oid,
  builtin.varchar.oid,
  builtin.bpchar.oid,
]);

function stringType(value: string, ownType: number | null, values: ValueOptions): number {
  if (ownType !== null && TEXTS.has(ownType)) return ownType;
  const isNumeric = ownType === builtin.numeric.oid && values.numeric === 'string';
  return isNumeric && exactNumber(value) !== null ? builtin.numeric.oid : builtin.text.oid;
}

function numberType(value: number, ownType: number | null, values: ValueOptions): number {
  if (ownType === builtin.float4.oid || ownType === builtin.float8.oid) return ownType;
  if (ownType === builtin.numeric.oid && values.numeric === 'number') return ownType;
  if (!Number.isSafeInteger(value)) return builtin.float8.oid;
  const type = integerType(BigInt(value), ownType);
  // A number stays one, also for who wants the table's int8 as strings.
  return type === builtin.int8.oid && values.int8 === 'string' ? builtin.float8.oid : type;
}

const INTEGER_BITS: ReadonlyMap<number, number> = new Map([
  [builtin.int2.oid, 16],
  [builtin.int4.oid, 32],
]);

function integerType(value: bigint, ownType: number | null): number {
  const bits = INTEGER_BITS.get(ownType ?? 0);
  if (ownType === null || bits === undefined) return builtin.int8.oid;
  return BigInt.asIntN(bits, value) === value ? ownType : builtin.int8.oid;
}
