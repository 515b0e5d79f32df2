import type { Cursor } from './cursor.ts';
import { NULL_VALUE, Tuple, UNCHANGED_VALUE } from './tuple.ts';

const NULL_KIND = 0x6e; // 'n'
const UNCHANGED_KIND = 0x75; // 'u'
const TEXT_KIND = 0x74; // 't'
const BINARY_KIND = 0x62; // 'b'

/**
 * The hot path: every row of every drain passes here once or twice. Locals instead of the cursor's
 * methods, and one array of small integers a row, pushed to rather than sized beforehand: that keeps
 * it packed, and a claimed column count allocates nothing.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html (TupleData)
 */
export function readTuple(cursor: Cursor): Tuple {
  const columnCount = cursor.uint16();
  const { bytes, end } = cursor;
  let position = cursor.position;
  // Every column takes a byte at the least.
  if (columnCount > end - position) cursor.fail('a row claims more columns than it has bytes');

  const bounds: number[] = [];
  for (let column = 0; column < columnCount; column++) {
    if (position >= end) return failAt(cursor, position, column, 'is missing');
    const kind = bytes[position];
    if (kind === TEXT_KIND || kind === BINARY_KIND) {
      const valueStart = position + 5;
      if (valueStart > end) return failAt(cursor, position, column, 'ends before its length');
      const length =
        (bytes[position + 1]! << 24) |
        (bytes[position + 2]! << 16) |
        (bytes[position + 3]! << 8) |
        bytes[position + 4]!;
      // A length past 2^31 comes out negative, and no value is that long.
      if (length < 0 || length > end - valueStart) {
        return failAt(cursor, position, column, 'claims more bytes than the message has');
      }
      position = valueStart + length;
      bounds.push(valueStart, position);
    } else {
      if (kind === NULL_KIND) bounds.push(NULL_VALUE, NULL_VALUE);
      else if (kind === UNCHANGED_KIND) bounds.push(UNCHANGED_VALUE, UNCHANGED_VALUE);
      else return failAt(cursor, position, column, 'is of no known kind');
      position++;
    }
  }
  cursor.position = position;
  return new Tuple(bytes, bounds);
}

function failAt(cursor: Cursor, position: number, column: number, problem: string): never {
  cursor.position = position;
  return cursor.fail(`column ${column + 1} of a row ${problem}`);
}
