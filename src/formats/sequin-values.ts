import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import type { PgType } from '../changes/type-catalog.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import { writeInterval } from './postgres-interval.ts';

/**
 * Values as Sequin makes them, where those differ from the `walhook` event's: what it does not know by
 * its type's name is the server's text, composite types and domains among it.
 */
export function sequinValues(values: ValueOptions): ValueOptions {
  return { ...values, override: sequinWriter };
}

function sequinWriter(typeOid: number, { kind }: PgType): ValueWriter | undefined {
  if (kind === 'composite' || kind === 'domain') return writeJsonString;
  switch (typeOid) {
    case builtin.interval.oid:
      return writeInterval;
    case builtin.bytea.oid:
    case builtin.xid.oid:
    case builtin.cid.oid:
    case builtin.xid8.oid:
    case builtin.int2vector.oid:
    case builtin.oidvector.oid:
      return writeJsonString;
    default:
      return undefined;
  }
}
