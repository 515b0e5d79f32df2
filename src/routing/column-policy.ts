import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';
import type { ColumnPolicy } from '../formats/column-policy.ts';
import { columnPattern, patternList } from './name-pattern.ts';

/** Patterns of columns: `column`, `table.column` or `schema.table.column`. */
export type ColumnOptions = {
  /** Only these, where it is given. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Values that are not null become `"***"`. */
  readonly mask?: readonly string[] | undefined;
  /** Values that are not null become the SHA-256 of their text, in hexadecimal. */
  readonly hash?: readonly string[] | undefined;
  /** Makes the hash an HMAC, which nobody without the key can try values against. */
  readonly hashKey?: string | undefined;
};

/** null where nothing is asked for. Of several rules the strictest holds: exclude, mask, hash. */
export function compileColumnPolicy(options: ColumnOptions | undefined): ColumnPolicy | null {
  const { include, exclude = [], mask = [], hash = [], hashKey } = options ?? {};
  if (include === undefined && exclude.length + mask.length + hash.length === 0) return null;
  const isIncluded = include === undefined ? () => true : patternList(include, columnPattern);
  const isExcluded = patternList(exclude, columnPattern);
  const isMasked = patternList(mask, columnPattern);
  const isHashed = patternList(hash, columnPattern);
  const writeHash = hashWriter(hashKey);
  return {
    writer({ schema, table, columns }, column, write) {
      const names = [schema, table, columns[column]!.name] as const;
      if (!isIncluded(...names) || isExcluded(...names)) return null;
      if (isMasked(...names)) return writeMask;
      return isHashed(...names) ? writeHash : write;
    },
    masks: ({ schema, table, columns }, column) => isMasked(schema, table, columns[column]!.name),
  };
}

const writeMask: ValueWriter = (_source, _start, _end, out) => out.ascii('"***"');

/** By a package that answers at once: Web Crypto's promise would come after the row is written. */
function hashWriter(hashKey: string | undefined): ValueWriter {
  const key = hashKey === undefined ? null : new TextEncoder().encode(hashKey);
  return (source, start, end, out) => {
    const text = source.subarray(start, end);
    writeHex(key === null ? sha256(text) : hmac(sha256, key, text), out);
  };
}

function writeHex(bytes: Uint8Array, out: JsonWriter): void {
  out.ascii('"');
  for (const byte of bytes) out.ascii(byte.toString(16).padStart(2, '0'));
  out.ascii('"');
}
