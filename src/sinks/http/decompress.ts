import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { looksLikeZlib } from './content-codings.ts';
import type { AnswerEnding } from './http-client.ts';

export type Decompressed = {
  readonly bytes: Uint8Array;
  /** Without it: as the encoded bytes ended. */
  readonly ending?: AnswerEnding;
};

/** More on top of each other come from no server, and each costs memory. */
const MAX_CODINGS = 5;

const UNREADABLE: Decompressed = { bytes: new Uint8Array(0), ending: 'unreadable' };

/**
 * The first `limit` bytes of what is encoded, `codings` outermost first. No more than that is ever
 * unpacked, so that a few bytes cannot become gigabytes. `isWhole`: what ends too early is broken.
 */
export async function decompressed(
  encoded: Uint8Array,
  codings: readonly string[],
  limit: number,
  isWhole: boolean,
): Promise<Decompressed> {
  if (codings.length > MAX_CODINGS) return UNREADABLE;
  let bytes = encoded;
  let ending: AnswerEnding | undefined;
  for (const coding of codings) {
    const decoder = decoderOf(coding, bytes);
    if (decoder === null) return UNREADABLE;
    const unpacked = await unpack(decoder, bytes, limit);
    const mayEndEarly = !isWhole || ending !== undefined;
    if (unpacked.ended === 'wrong') return UNREADABLE;
    if (unpacked.ended === 'early' && !mayEndEarly) return UNREADABLE;
    if (unpacked.ended === 'cut') ending = 'cut';
    bytes = unpacked.bytes;
  }
  return ending === undefined ? { bytes } : { bytes, ending };
}

function decoderOf(coding: string, bytes: Uint8Array): Transform | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return looksLikeZlib(bytes) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return zstdDecoder();
    default:
      return null;
  }
}

/** From Node 22.15 on. */
function zstdDecoder(): Transform | null {
  return 'createZstdDecompress' in zlib
    ? (zlib as unknown as { createZstdDecompress(): Transform }).createZstdDecompress()
    : null;
}

type Unpacked = {
  readonly bytes: Uint8Array;
  /** cut: there is more; early: its end is missing; wrong: it is something else. */
  readonly ended: 'well' | 'cut' | 'early' | 'wrong';
};

async function unpack(decoder: Transform, bytes: Uint8Array, limit: number): Promise<Unpacked> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended: Unpacked['ended'] = 'well';
  Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]).pipe(decoder);
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= limit) continue;
      ended = 'cut';
      break;
    }
  } catch (error) {
    ended =
      error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR' ? 'early' : 'wrong';
  }
  return { bytes: Buffer.concat(chunks).subarray(0, limit), ended };
}
