import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';

/** How a column's values compare: as numbers, as points in time, or as what they are. */
export type ColumnKind = 'number' | 'time' | 'other';

const NUMBERS: ReadonlySet<number> = new Set([
  builtin.int2.oid,
  builtin.int4.oid,
  builtin.int8.oid,
  builtin.oid.oid,
  builtin.xid8.oid,
  builtin.float4.oid,
  builtin.float8.oid,
  builtin.numeric.oid,
]);
const TIMES: ReadonlySet<number> = new Set([
  builtin.date.oid,
  builtin.timestamp.oid,
  builtin.timestamptz.oid,
]);

export function columnKind(typeOid: number, catalog: TypeCatalog): ColumnKind {
  const oid = baseType(typeOid, catalog);
  if (NUMBERS.has(oid)) return 'number';
  return TIMES.has(oid) ? 'time' : 'other';
}

const DEEPEST_DOMAIN = 64;

/** Of a domain, what it is a domain over. */
function baseType(typeOid: number, catalog: TypeCatalog): number {
  let oid = typeOid;
  for (let depth = 0; depth < DEEPEST_DOMAIN; depth++) {
    const type = catalog.lookUp(oid);
    if (type?.kind !== 'domain') break;
    oid = type.baseOid;
  }
  return oid;
}
