import { PgoutputDecoder } from '../../src/pgoutput/decoder.ts';
import type { Message } from '../../src/pgoutput/messages.ts';
import { PgoutputError } from '../../src/pgoutput/pgoutput-error.ts';
import type { Tuple } from '../../src/pgoutput/tuple.ts';
import { encodeMessage } from './encode-message.ts';
import { valuesOf } from './tuple-of.ts';

export type FuzzOptions = {
  /** Iteration n uses seed + n: a failure is run again alone with that seed and one iteration. */
  readonly seed: number;
  readonly iterations: number;
  /** Well-formed messages to start from. */
  readonly samples: readonly Uint8Array[];
};

export type FuzzCounts = { decoded: number; refused: number };

type Outcome =
  | { readonly message: Message }
  | { readonly error: string; readonly offset: number; readonly tag: string | null };

const IN_STREAM = encodeMessage({ kind: 'stream-start', xid: 1, firstSegment: true });
const SURROUNDINGS = Buffer.from('tttt\0\0\0\u0001secret');
/** All that an error may say: its own words, an offset and a column's place in the row. */
const ERROR_TEXT =
  /^malformed pgoutput message( '[BCORYIUDTMSEcAbPKrp]')? at byte \d+: [A-Za-z -]+?(\d+ of a row [A-Za-z -]+|[1-4] and above|UTF-8)?$/;

/** Decodes mutated messages. Throws at the first that is neither read nor refused as it should be. */
export function fuzzDecoder({ seed, iterations, samples }: FuzzOptions): FuzzCounts {
  const counts = { decoded: 0, refused: 0 };
  for (let iteration = 0; iteration < iterations; iteration++) {
    const random = randomNumbers(seed + iteration);
    const bytes = mutate(samples, random);
    const inStream = random(2) === 1;
    try {
      if ('message' in checkDecoding(bytes, inStream)) counts.decoded++;
      else counts.refused++;
    } catch (cause) {
      const place = `seed ${seed + iteration}, ${inStream ? 'inside' : 'outside'} a stream`;
      throw new Error(`${place}: ${Buffer.from(bytes).toString('hex')}`, { cause });
    }
  }
  return counts;
}

/** Decodes and checks what comes back, whichever it is. */
export function checkDecoding(bytes: Uint8Array, inStream: boolean): Outcome {
  const alone = decode(bytes, 0, bytes.length, inStream);
  if ('message' in alone) checkMessage(alone.message, bytes);
  else checkError(alone, bytes);

  const surrounded = new Uint8Array(Buffer.concat([SURROUNDINGS, bytes, SURROUNDINGS]));
  const start = SURROUNDINGS.length;
  const within = decode(surrounded, start, start + bytes.length, inStream);
  if (printed(within) !== printed(alone)) {
    throw new Error(`what surrounds the message changes it: ${printed(alone)}, ${printed(within)}`);
  }
  return alone;
}

function decode(bytes: Uint8Array, start: number, end: number, inStream: boolean): Outcome {
  const decoder = new PgoutputDecoder();
  if (inStream) decoder.decode(IN_STREAM);
  try {
    return { message: decoder.decode(bytes, start, end) };
  } catch (error) {
    if (!(error instanceof PgoutputError)) throw error;
    return { error: error.message, offset: error.offset, tag: error.tag };
  }
}

function checkMessage(message: Message, bytes: Uint8Array): void {
  for (const tuple of tuplesOf(message)) {
    if (tuple.columnCount > bytes.length) throw new Error('a row of more columns than bytes');
    let last = 0;
    for (const bound of tuple.bounds) {
      if (
        !Number.isInteger(bound) ||
        bound < -2 ||
        bound > bytes.length ||
        (bound >= 0 && bound < last)
      ) {
        throw new Error(`a bound outside of the message: ${bound}`);
      }
      last = Math.max(last, bound);
    }
  }
  if (message.kind === 'truncate' && message.relationIds.length * 4 > bytes.length) {
    throw new Error('a truncate of more tables than bytes');
  }
}

function tuplesOf(message: Message): Tuple[] {
  if (message.kind === 'insert') return [message.new];
  if (message.kind === 'delete') return [message.old.tuple];
  if (message.kind !== 'update') return [];
  return message.old === null ? [message.new] : [message.old.tuple, message.new];
}

function checkError(refused: Extract<Outcome, { error: string }>, bytes: Uint8Array): void {
  if (!ERROR_TEXT.test(refused.error)) throw new Error(`the error says: ${refused.error}`);
  if (!(refused.offset >= 0 && refused.offset <= bytes.length)) {
    throw new Error(`the error is at ${refused.offset}`);
  }
}

/** Everything that an outcome holds, wherever its bytes lie. */
function printed(outcome: Outcome): string {
  return JSON.stringify(outcome, (key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (key === 'new' || key === 'tuple') return valuesOf(value as Tuple);
    return value instanceof Uint8Array ? [...value] : value;
  });
}

type Random = (below: number) => number;

function mutate(samples: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(samples[random(samples.length)]!);
  for (let left = random(4); left >= 0; left--) {
    const mutation = MUTATIONS[random(MUTATIONS.length)]!;
    bytes = mutation(bytes, random, samples);
  }
  return new Uint8Array(bytes);
}

type Mutation = (bytes: Uint8Array, random: Random, samples: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random(bytes.length);
    return at < bytes.length ? bytes.with(at, bytes[at]! ^ (1 << random(8))) : bytes;
  },
  function setByte(bytes, random) {
    const at = random(bytes.length);
    return at < bytes.length ? bytes.with(at, random(256)) : bytes;
  },
  // Lengths and counts at their extremes.
  function setNumber(bytes, random) {
    const at = random(bytes.length - 3);
    if (at + 4 > bytes.length) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt32BE([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff][random(6)]!, at);
    return changed;
  },
  function cutEnd(bytes, random) {
    return bytes.slice(0, random(bytes.length + 1));
  },
  function removeSome(bytes, random) {
    const at = random(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(8))]);
  },
  function repeatSome(bytes, random) {
    const at = random(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random(16)))]);
  },
  function goOnAsAnother(bytes, random, samples) {
    const other = samples[random(samples.length)]!;
    return Buffer.concat([
      bytes.subarray(0, random(bytes.length + 1)),
      other.subarray(random(other.length + 1)),
    ]);
  },
  function replaceTag(bytes, random) {
    const tags = 'BCORYIUDTMSEcAbPKrp';
    return bytes.length === 0 ? bytes : bytes.with(0, tags.charCodeAt(random(tags.length)));
  },
];

/** Mulberry32: the same numbers for the same seed, everywhere. */
function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return below <= 0 ? 0 : Math.floor(fraction * below);
  };
}
