import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PgoutputDecoder } from '../../src/pgoutput/decoder.ts';
import type { Message } from '../../src/pgoutput/messages.ts';
import { PgoutputError } from '../../src/pgoutput/pgoutput-error.ts';
import { Tuple } from '../../src/pgoutput/tuple.ts';
import { arbitraryChange, arbitraryMessage } from './arbitrary-message.ts';
import { MAJOR_VERSIONS, readCaptures } from './captured-messages.ts';
import { encodeMessage } from './encode-message.ts';
import { checkDecoding, fuzzDecoder } from './fuzz-decoder.ts';
import { valuesOf } from './tuple-of.ts';

const SEED = 20000101;

/** A message as plain data: its tuples as their values, wherever their bytes lie. */
function plain(value: unknown): unknown {
  if (value instanceof Tuple) return valuesOf(value);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

function inStream(): PgoutputDecoder {
  const decoder = new PgoutputDecoder();
  decoder.decode(encodeMessage({ kind: 'stream-start', xid: 7, firstSegment: true }));
  return decoder;
}

test('every message decodes to what was encoded', () => {
  fc.assert(
    fc.property(arbitraryMessage(), (message) => {
      const decoded = new PgoutputDecoder().decode(encodeMessage(message));
      expect(plain(decoded)).toEqual(plain(message));
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('inside a stream every change decodes with the transaction that it belongs to', () => {
  fc.assert(
    fc.property(arbitraryChange('streamed'), (message) => {
      expect(plain(inStream().decode(encodeMessage(message)))).toEqual(plain(message));
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('one decoder reads a row of messages that lie in one buffer', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryMessage().filter(({ kind }) => kind !== 'stream-start')),
      (messages) => {
        const decoder = new PgoutputDecoder();
        const encoded = messages.map(encodeMessage);
        const buffer = Buffer.concat(encoded);
        const decoded: Message[] = [];
        let start = 0;
        for (const { length } of encoded) {
          decoded.push(decoder.decode(buffer, start, start + length));
          start += length;
        }
        expect(plain(decoded)).toEqual(plain(messages));
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

test('a message cut short anywhere is refused', () => {
  // Without its time, a stream abort is whole again: an older server's.
  const cuttable = arbitraryMessage().filter(({ kind }) => kind !== 'stream-abort');
  fc.assert(
    fc.property(cuttable, fc.nat(), (message, cut) => {
      const bytes = encodeMessage(message);
      const decoder = new PgoutputDecoder();
      expect(() => decoder.decode(bytes, 0, cut % bytes.length)).toThrow(PgoutputError);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('a message with bytes after it is refused', () => {
  // Sixteen bytes after a stream abort are its time.
  const closed = arbitraryMessage().filter(({ kind }) => kind !== 'stream-abort');
  fc.assert(
    fc.property(closed, fc.uint8Array({ minLength: 1, maxLength: 20 }), (message, rest) => {
      const bytes = Buffer.concat([encodeMessage(message), rest]);
      expect(() => new PgoutputDecoder().decode(bytes)).toThrow(PgoutputError);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('any bytes give a message or a PgoutputError that repeats none of them', () => {
  const tags = [...'BCORYIUDTMSEcAbPKrp'].map((tag) => tag.charCodeAt(0));
  fc.assert(
    fc.property(
      fc.constantFrom(...tags),
      fc.uint8Array({ maxLength: 100 }),
      fc.boolean(),
      (tag, rest, streamed) => {
        const outcome = checkDecoding(Uint8Array.from([tag, ...rest]), streamed);
        expect('message' in outcome || 'error' in outcome).toBe(true);
      },
    ),
    { seed: SEED, numRuns: 5000 },
  );
});

test('mutations of what servers sent give a message or a PgoutputError', () => {
  const samples = MAJOR_VERSIONS.flatMap((version) => readCaptures(version).captures)
    .flatMap(({ rows }) => rows)
    .map(([, , data]) => Buffer.from(data, 'hex'));

  const { decoded, refused } = fuzzDecoder({ seed: SEED, iterations: 20_000, samples });

  expect(decoded).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
});
