import type { Transaction } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { sortableLsn } from '../pgoutput/lsn.ts';
import { PerTransaction } from './per-transaction.ts';
import { ascii, writeHexPadded } from './text-bytes.ts';
import { uuidV5 } from './uuid-v5.ts';

/** The namespace of the places that events come from. */
const PLACES = '0b0f2f5e-6d83-4f0e-9a55-2d0c4d1f7a3b';
const DASH = 0x2d;
/** What makes a capital letter a small one, and leaves a digit as it is. */
const LOWER_CASE = 0x20;

type Parts = { readonly start: Uint8Array };

/**
 * Events' ids as UUIDs, for receivers that keep them in a column of that type: of version 8, made of
 * the commit's LSN, the event's number in its transaction and 26 bits that tell databases apart. An
 * event that is sent again has the same one.
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
 */
export class EventUuids {
  readonly #transactions: PerTransaction<Parts>;
  readonly #end: Uint8Array;

  constructor(place: { readonly system: string | null; readonly database: string }) {
    const digest = uuidV5(PLACES, JSON.stringify([place.system, place.database]));
    const variant = '89ab'[Number.parseInt(digest[0]!, 16) & 3]!;
    this.#end = ascii(digest.slice(-6));
    this.#transactions = new PerTransaction(({ commitLsn }) => {
      const lsn = sortableLsn(commitLsn).toLowerCase();
      const groups = [lsn.slice(0, 8), lsn.slice(8, 12), `8${lsn.slice(12, 15)}`];
      return { start: ascii(`${groups.join('-')}-${variant}${lsn.slice(15)}`) };
    });
  }

  write({ transaction, seq }: { transaction: Transaction; seq: number }, out: JsonWriter): void {
    out.put(this.#transactions.of(transaction).start);
    const first = out.length;
    writeHexPadded(seq, out);
    out.byte(DASH);
    const { bytes } = out;
    for (let i = first; i < first + 8; i++) bytes[i]! |= LOWER_CASE;
    // Two of the eight digits belong to the fourth group.
    bytes.copyWithin(first + 3, first + 2, first + 8);
    bytes[first + 2] = DASH;
    out.put(this.#end);
  }
}
