import type { Transaction } from '../changes/change-event.ts';
import type { RelationView } from '../changes/relation-view.ts';

/** What a body knows of an event that stands in it. */
export type FramedEvent = {
  readonly transaction: Transaction;
  /** null for a logical message. */
  readonly relation: RelationView | null;
};

/** How events stand together in a body. */
export type Framing = {
  /** Bytes before the first event. For ids of one length, always of one length. */
  readonly head: (id: string) => Uint8Array;
  readonly separator: Uint8Array;
  readonly tail: Uint8Array;
  /**
   * For formats that tell where a transaction begins and ends: what stands between two events, in
   * place of the separator; before the first where `before` is null, after the last where `next` is.
   */
  readonly between?: (before: FramedEvent | null, next: FramedEvent | null) => Uint8Array;
};
