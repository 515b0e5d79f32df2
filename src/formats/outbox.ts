import type { JsonWriter } from '../changes/json-writer.ts';
import type { EventFormat, WritableEvent } from './event-format.ts';
import type { OutboxEvent, OutboxReader } from './outbox-event.ts';
import { outboxHeaders } from './outbox-headers.ts';
import { PerTransaction } from './per-transaction.ts';
import { ascii, writeDecimal, writeHex, writeHexPadded } from './text-bytes.ts';
import { renderTransaction } from './transaction-json.ts';

const FIELDS = [
  ['id', ascii('","outbox_id":')],
  ['type', ascii(',"type":')],
  ['key', ascii(',"key":')],
  ['payload', ascii(',"payload":')],
  ['headers', ascii(',"headers":')],
  ['occurredAt', ascii(',"occurred_at":')],
] as const;
const SLASH = 0x2f;

/**
 * Outbox events as themselves: with their place beside type, key, payload and headers. What a transform
 * made an ordinary change of is written by `others`.
 */
export function outboxFormat(outboxOf: OutboxReader, others: EventFormat): EventFormat {
  const transactions = new PerTransaction(renderTransaction);

  function writeOutbox(event: WritableEvent, outbox: OutboxEvent, out: JsonWriter): void {
    const transaction = transactions.of(event.transaction);
    out.put(transaction.idStart);
    writeHexPadded(event.seq, out);
    for (const [field, name] of FIELDS) {
      out.put(name);
      outbox.write(field, out);
    }
    out.put(transaction.lsnStart);
    writeHex(event.lsnHigh, out);
    out.byte(SLASH);
    writeHex(event.lsnLow, out);
    out.put(transaction.seqStart);
    writeDecimal(event.seq, out);
    out.put(transaction.end);
  }

  return {
    contentType: 'application/json',
    write(event, out) {
      const outbox = outboxOf(event);
      if (outbox === null) others.write(event, out);
      else writeOutbox(event, outbox, out);
    },
  };
}

/** The body is the payload alone; the rest is headers, but for the names in `taken`. */
export function outboxPayloadFormat(
  outboxOf: OutboxReader,
  others: EventFormat,
  taken: ReadonlySet<string>,
): EventFormat {
  return {
    contentType: 'application/json',
    write(event, out) {
      const outbox = outboxOf(event);
      if (outbox === null) others.write(event, out);
      else outbox.write('payload', out);
    },
    headers(event) {
      const outbox = outboxOf(event);
      return outbox === null ? {} : outboxHeaders(outbox, taken);
    },
  };
}
