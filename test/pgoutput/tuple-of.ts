import { NULL_VALUE, Tuple, UNCHANGED_VALUE } from '../../src/pgoutput/tuple.ts';

export type ColumnValue =
  null | 'unchanged' | { readonly form: 'text' | 'binary'; readonly bytes: Uint8Array };

/** A tuple over bytes of its own, laid out as the server lays them out. */
export function tupleOf(values: readonly ColumnValue[]): Tuple {
  const bytes: number[] = [];
  const bounds: number[] = [];
  for (const value of values) {
    if (value === null) {
      bytes.push('n'.charCodeAt(0));
      bounds.push(NULL_VALUE, NULL_VALUE);
    } else if (value === 'unchanged') {
      bytes.push('u'.charCodeAt(0));
      bounds.push(UNCHANGED_VALUE, UNCHANGED_VALUE);
    } else {
      const length = Buffer.alloc(4);
      length.writeInt32BE(value.bytes.length);
      bytes.push(value.form.charCodeAt(0), ...length);
      bounds.push(bytes.length, bytes.length + value.bytes.length);
      bytes.push(...value.bytes);
    }
  }
  return new Tuple(Uint8Array.from(bytes), bounds);
}

/** What a tuple says, apart from where its bytes lie. */
export function valuesOf(tuple: Tuple): ColumnValue[] {
  return Array.from({ length: tuple.columnCount }, (_, column) => {
    if (tuple.isNull(column)) return null;
    if (tuple.isUnchanged(column)) return 'unchanged';
    const form = tuple.isBinary(column) ? 'binary' : 'text';
    return { form, bytes: Uint8Array.from(tuple.valueBytes(column)!) };
  });
}
