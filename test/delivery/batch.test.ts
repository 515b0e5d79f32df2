import { array, assert as check, constantFrom, property, record, nat } from 'fast-check';
import { expect, test } from 'vitest';
import type { EmittedMessage } from '../../src/changes/change-event.ts';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { eventId } from '../../src/changes/position.ts';
import { Batch } from '../../src/delivery/batch.ts';
import { EventText } from '../../src/delivery/event-text.ts';
import type { EventFormat } from '../../src/formats/event-format.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { batchEnvelope } from '../../src/delivery/envelope.ts';

/** An event's text is its prefix: all that batching looks at is how long it is. */
const format: EventFormat = {
  contentType: 'application/json',
  write(event, out) {
    const { prefix } = event as EmittedMessage;
    out.put(new TextEncoder().encode(JSON.stringify(prefix)));
  },
};

const source = { database: 'sh"op', slot: 'walhook', system: '7' };
const framing = batchEnvelope('main', 'end"point', source);

function message(seq: number, prefix: string): EmittedMessage {
  return {
    op: 'message',
    prefix,
    content: new Uint8Array(),
    transactional: true,
    transaction: { xid: 1, commitLsn: toLsn(0xabcdefn), committedAt: 0n },
    seq,
    lsnHigh: 0,
    lsnLow: 0,
  };
}

const prefixes = array(
  record({ text: constantFrom('', 'a', 'ä漢"', 'x'.repeat(900)), gap: nat({ max: 3 }) }),
  {
    minLength: 1,
    maxLength: 20,
  },
);

test('a body parses, holds the events it took and no other, and its id names the first and the last', () => {
  check(
    property(
      prefixes,
      nat({ max: 4_000 }),
      nat({ max: 1_000 }),
      (wanted, maxBytes, maxEventBytes) => {
        // A small buffer that has held something else before.
        const body = new JsonWriter(8);
        body.ascii('left from another batch');
        const batch = new Batch(body, framing);
        const text = new EventText(format);
        const taken: EmittedMessage[] = [];
        let seq = 0;
        for (const { text: prefix, gap } of wanted) {
          seq += gap + 1;
          const event = message(seq, prefix);
          const bytes = Buffer.byteLength(JSON.stringify(prefix));
          const { kind } = batch.append(event, text.of(event), { maxBytes, maxEventBytes });
          const fitting = taken.length === 0 ? ['appended'] : ['appended', 'full'];
          expect(bytes > maxEventBytes ? ['event-too-large'] : fitting).toContain(kind);
          if (kind === 'appended') taken.push(event);
        }
        if (taken.length === 0) return;
        const { id, body: sent, eventCount } = batch.close('application/json', false).whole;
        expect(taken.length === 1 || sent.length <= maxBytes).toBe(true);
        const [first, last] = [taken[0]!, taken.at(-1)!].map(({ transaction, seq: at }) =>
          eventId({ commitLsn: transaction.commitLsn, seq: at }),
        );
        expect(id).toBe(`${first}_${last}`);
        expect(eventCount).toBe(taken.length);
        expect(JSON.parse(new TextDecoder().decode(sent))).toEqual({
          id,
          pipeline: 'main',
          endpoint: 'end"point',
          source,
          events: taken.map(({ prefix }) => prefix),
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('an event is written once, however many bodies want it', () => {
  let writes = 0;
  const counting: EventFormat = {
    ...format,
    write: (event, out) => (writes++, format.write(event, out)),
  };
  const text = new EventText(counting);
  const batches = Array.from({ length: 3 }, () => new Batch(new JsonWriter(8), framing));
  const bounds = { maxBytes: 10_000, maxEventBytes: 10_000 };
  for (const seq of [1, 2]) {
    const event = message(seq, `event ${seq}`);
    text.of(event);
    for (const batch of batches) batch.append(event, text, bounds);
  }
  expect(writes).toBe(2);
  const bodies = batches.map((batch) =>
    new TextDecoder().decode(batch.close('', false).whole.body),
  );
  expect(new Set(bodies).size).toBe(1);
  expect((JSON.parse(bodies[0]!) as { events: unknown }).events).toEqual(['event 1', 'event 2']);
});
