import { comparePositions, type Position } from '../changes/position.ts';
import { toLsn } from '../pgoutput/lsn.ts';

/**
 * Places as bytes: sorted, each as the difference of its commit LSN to the one before and its
 * sequence, or its difference to the one before within a transaction; both as LEB128.
 */
export function encodePositions(positions: readonly Position[]): Uint8Array {
  const sorted = [...positions].sort(comparePositions);
  const bytes: number[] = [];
  let lsn = 0n;
  let seq = 0;
  for (const position of sorted) {
    const step = position.commitLsn - lsn;
    writeVarint(bytes, step);
    writeVarint(bytes, BigInt(step === 0n ? position.seq - seq : position.seq));
    lsn = position.commitLsn;
    seq = position.seq;
  }
  return Uint8Array.from(bytes);
}

export function decodePositions(bytes: Uint8Array): Position[] {
  const positions: Position[] = [];
  let at = 0;
  const read = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a list of positions ends in the middle');
      // No position has more: what goes on would take the square of its length.
      if (shift > 63n) throw new RangeError('a list of positions holds a number that is too large');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  let lsn = 0n;
  let seq = 0;
  while (at < bytes.length) {
    const step = read();
    const value = Number(read());
    seq = step === 0n ? seq + value : value;
    lsn += step;
    positions.push({ commitLsn: toLsn(lsn), seq });
  }
  return positions;
}

function writeVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
