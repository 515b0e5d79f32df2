import { BUILTIN_TYPES as builtin } from '../builtin-types.ts';
import type { PgType, TypeCatalog } from '../type-catalog.ts';
import { anyBytesWriter } from './any-bytes.ts';
import { arrayWriter, vectorWriter } from './array.ts';
import { writeBoolean } from './boolean.ts';
import { writeBytea } from './bytea.ts';
import { compositeWriter } from './composite.ts';
import { writeJson, writeJsonb } from './json-document.ts';
import { writeJsonString } from './json-string.ts';
import { writeInteger, writeNumber } from './number.ts';
import { writeTimestamp, writeTimestamptz } from './timestamp.ts';
import type { ValueOptions, ValueWriter } from './value-writer.ts';

/**
 * Types of types of types: deeper than this a catalog is broken (a domain over itself, say), and the
 * value is written as text.
 */
const MAX_DEPTH = 64;

/** The writer of a column's values, made once a column; a type the catalog does not know is text. */
export function compileValueWriter(
  typeOid: number,
  catalog: TypeCatalog,
  options: ValueOptions,
): ValueWriter {
  const write = compile(typeOid, catalog, options, 0);
  // Servers before 16 send the single byte of a "char" as it is, in whatever encoding.
  const isByte = typeOid === builtin.char.oid || typeOid === builtin.char.arrayOid;
  return catalog.holdsAnyBytes === true || isByte ? anyBytesWriter(write) : write;
}

function compile(
  typeOid: number,
  catalog: TypeCatalog,
  options: ValueOptions,
  depth: number,
): ValueWriter {
  if (depth > MAX_DEPTH) return writeJsonString;
  const inner = (oid: number) => compile(oid, catalog, options, depth + 1);
  const type: PgType = catalog.lookUp(typeOid) ?? { kind: 'scalar' };
  const override = options.override?.(typeOid, type);
  if (override !== undefined) return override;
  switch (type.kind) {
    case 'scalar':
      return scalarWriter(typeOid, options);
    case 'domain':
      return inner(type.baseOid);
    case 'array':
      return arrayWriter(inner(type.elementOid), type.delimiter);
    case 'composite':
      return compositeWriter(() =>
        type.attributes.map(({ name, typeOid: oid }) => ({ name, write: inner(oid) })),
      );
  }
}

/** What is not named here is text: dates, uuids, enums, ranges, networks, geometry, extensions' types. */
function scalarWriter(typeOid: number, options: ValueOptions): ValueWriter {
  switch (typeOid) {
    case builtin.bool.oid:
      return writeBoolean;
    case builtin.int2.oid:
    case builtin.int4.oid:
    case builtin.oid.oid:
    case builtin.xid.oid:
    case builtin.cid.oid:
      return writeInteger;
    case builtin.int8.oid:
    case builtin.xid8.oid:
      return options.int8 === 'number' ? writeInteger : writeJsonString;
    case builtin.float4.oid:
    case builtin.float8.oid:
      return writeNumber;
    case builtin.numeric.oid:
      return options.numeric === 'number' ? writeNumber : writeJsonString;
    case builtin.int2vector.oid:
    case builtin.oidvector.oid:
      return vectorWriter(writeInteger);
    case builtin.json.oid:
      return writeJson;
    case builtin.jsonb.oid:
      return writeJsonb;
    case builtin.bytea.oid:
      return writeBytea;
    case builtin.timestamp.oid:
      return writeTimestamp;
    case builtin.timestamptz.oid:
      return writeTimestamptz;
    default:
      return writeJsonString;
  }
}
