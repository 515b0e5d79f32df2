import { PgoutputError } from './pgoutput-error.ts';
import { type Lsn, toLsn } from './lsn.ts';

/** What the first bytes of a change tell, where the rest was not fetched. */
export type MessageHead =
  | { readonly kind: 'insert' | 'update' | 'delete'; readonly relationId: number }
  | { readonly kind: 'message'; readonly transactional: boolean; readonly lsn: Lsn };

/**
 * The fixed fields at the beginning of a row change or a logical message, outside of a streamed
 * transaction. Throws PgoutputError for any other message: none of those grows large.
 */
export function readMessageHead(bytes: Uint8Array, start: number, end: number): MessageHead {
  const tag = String.fromCharCode(bytes[start] ?? 0);
  const needed = tag === 'M' ? 10 : 5;
  if (end - start < needed) throw new PgoutputError(end - start, tag, 'it ends in its head');
  switch (tag) {
    case 'I':
      return { kind: 'insert', relationId: uint32(bytes, start + 1) };
    case 'U':
      return { kind: 'update', relationId: uint32(bytes, start + 1) };
    case 'D':
      return { kind: 'delete', relationId: uint32(bytes, start + 1) };
    case 'M': {
      const high = BigInt(uint32(bytes, start + 2));
      const low = BigInt(uint32(bytes, start + 6));
      return {
        kind: 'message',
        transactional: (bytes[start + 1]! & 1) === 1,
        lsn: toLsn((high << 32n) | low),
      };
    }
    default:
      throw new PgoutputError(0, null, 'no change that may be cut begins so');
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}
