import { NULL_VALUE, Tuple } from '../pgoutput/tuple.ts';
import type { Cell } from './value-cell.ts';

const TEXT_KIND = 0x74; // 't'
const VALUE_HEAD_BYTES = 5;

/** A row laid out as the server does; a number is a mark, such as ABSENT_VALUE. */
export function tupleOfCells(cells: readonly (Cell | number)[]): Tuple {
  let size = 0;
  for (const cell of cells) {
    if (typeof cell !== 'number' && cell.bytes !== null)
      size += VALUE_HEAD_BYTES + cell.bytes.length;
  }
  const bytes = new Uint8Array(size);
  const lengths = new DataView(bytes.buffer);
  const bounds: number[] = [];
  let at = 0;
  for (const cell of cells) {
    const value = typeof cell === 'number' ? null : cell.bytes;
    if (value === null) {
      const mark = typeof cell === 'number' ? cell : NULL_VALUE;
      bounds.push(mark, mark);
      continue;
    }
    bytes[at] = TEXT_KIND;
    lengths.setUint32(at + 1, value.length);
    at += VALUE_HEAD_BYTES;
    bytes.set(value, at);
    bounds.push(at, at + value.length);
    at += value.length;
  }
  return new Tuple(bytes, bounds);
}
