import { BUILTIN_TYPES as builtin } from './builtin-types.ts';
import type { RelationColumn } from '../pgoutput/messages.ts';
import type { TypeCatalog } from './type-catalog.ts';

/**
 * How two values of a key column are told apart where their text alone does not say whether Postgres
 * takes them for equal:
 *
 *     text      equal values have one text
 *     number    zeros at the end of a fraction and the sign of zero say nothing: 1.0 is 1.00, -0 is 0
 *     padded    blanks at the end say nothing: char(n)
 *     unknown   only the database could tell: all values of the column count as equal
 */
export type KeyRule = 'text' | 'number' | 'padded' | 'unknown';

/** What the database knows of a key's columns and the protocol does not send. */
export interface KeyFacts extends TypeCatalog {
  /** Those of the types that are enums. Absent: none is known to be. */
  enums?(typeOids: readonly number[]): Promise<ReadonlySet<number>>;
  /**
   * Those of a relation's columns of which the database says, or cannot say any more, that equal
   * values may have several texts: their collation is not deterministic. Absent: there is none.
   */
  looselyCollated?(relationId: number, columns: readonly string[]): Promise<ReadonlySet<string>>;
}

const NUMBERS: readonly number[] = [builtin.numeric.oid, builtin.float4.oid, builtin.float8.oid];

/** Of these a collation decides what is equal. */
const COLLATED: ReadonlySet<number> = new Set([
  builtin.text.oid,
  builtin.varchar.oid,
  builtin.bpchar.oid,
]);

/** In the text forms that windows are read in (see PEEK_SETTINGS), equal values have one text. */
const ONE_TEXT: readonly number[] = [
  builtin.int2.oid,
  builtin.int4.oid,
  builtin.int8.oid,
  builtin.uuid.oid,
  builtin.bool.oid,
  builtin.date.oid,
  builtin.time.oid,
  builtin.timetz.oid,
  builtin.timestamp.oid,
  builtin.timestamptz.oid,
  builtin.bytea.oid,
  builtin.char.oid,
  builtin.name.oid,
  builtin.oid.oid,
  builtin.xid.oid,
  builtin.xid8.oid,
  builtin.cid.oid,
  builtin.tid.oid,
  builtin.pg_lsn.oid,
  builtin.inet.oid,
  builtin.cidr.oid,
  builtin.macaddr.oid,
  builtin.macaddr8.oid,
  builtin.bit.oid,
  builtin.varbit.oid,
  builtin.money.oid,
  builtin.int2vector.oid,
  builtin.oidvector.oid,
  builtin.int4range.oid,
  builtin.int8range.oid,
  builtin.daterange.oid,
  builtin.tsrange.oid,
  builtin.tstzrange.oid,
  builtin.int4multirange.oid,
  builtin.int8multirange.oid,
  builtin.datemultirange.oid,
  builtin.tsmultirange.oid,
  builtin.tstzmultirange.oid,
];

const RULES: ReadonlyMap<number, KeyRule> = new Map<number, KeyRule>([
  ...ONE_TEXT.map((oid) => [oid, 'text'] as const),
  ...NUMBERS.map((oid) => [oid, 'number'] as const),
  [builtin.text.oid, 'text'],
  [builtin.varchar.oid, 'text'],
  [builtin.bpchar.oid, 'padded'],
]);

/** The rule of a type that Postgres brings; `unknown` for all others, and those without such a rule. */
export function builtinKeyRule(typeOid: number): KeyRule {
  return RULES.get(typeOid) ?? 'unknown';
}

/** The rules of a key's columns. The database is asked only where the types do not tell. */
export async function keyRules(
  relationId: number,
  columns: readonly RelationColumn[],
  facts: KeyFacts,
): Promise<KeyRule[]> {
  if (columns.every(({ typeOid }) => ONE_TEXT.includes(typeOid))) return columns.map(() => 'text');
  const parts = columns.map(({ typeOid }) => simpleParts(typeOid, facts));
  const enums = await enumsAmong(parts.flat(), facts);
  const collated = columns.filter((_, index) => parts[index]!.some((oid) => COLLATED.has(oid)));
  const names = collated.map(({ name }) => name);
  const loose = names.length === 0 ? undefined : await facts.looselyCollated?.(relationId, names);
  const ruleOf = (typeOid: number): KeyRule =>
    enums.has(typeOid) ? 'text' : builtinKeyRule(typeOid);
  return columns.map(({ name, typeOid }, index): KeyRule => {
    if (loose?.has(name) === true) return 'unknown';
    const [first] = parts[index]!;
    if (first === undefined) return 'unknown';
    if (isSimple(typeOid, facts)) return ruleOf(first);
    return parts[index]!.every((oid) => ruleOf(oid) === 'text') ? 'text' : 'unknown';
  });
}

async function enumsAmong(
  typeOids: readonly number[],
  facts: KeyFacts,
): Promise<ReadonlySet<number>> {
  const unknown = [...new Set(typeOids)].filter((oid) => !RULES.has(oid) && !isBuiltin(oid));
  return (unknown.length === 0 ? undefined : await facts.enums?.(unknown)) ?? new Set();
}

/** Postgres gives the objects of users higher numbers. */
const FIRST_USER_OID = 16_384;

function isBuiltin(oid: number): boolean {
  return oid < FIRST_USER_OID;
}

/** A type that is one value, not several: a domain is what it is made of. */
function isSimple(typeOid: number, types: TypeCatalog): boolean {
  const type = types.lookUp(typeOid);
  if (type?.kind === 'domain') return isSimple(type.baseOid, types);
  return type === undefined || type.kind === 'scalar';
}

/** The scalar types that a type is made of. */
function simpleParts(typeOid: number, types: TypeCatalog): number[] {
  const type = types.lookUp(typeOid);
  switch (type?.kind) {
    case 'domain':
      return simpleParts(type.baseOid, types);
    case 'array':
      return simpleParts(type.elementOid, types);
    case 'composite':
      return type.attributes.flatMap((attribute) => simpleParts(attribute.typeOid, types));
    default:
      return [typeOid];
  }
}
