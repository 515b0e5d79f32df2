import { codingsOf, looksLikeGzip, looksLikeZlib } from './content-codings.ts';
import type { HttpAnswer } from './http-client.ts';
import { joined } from './joined-bytes.ts';
import { answerOf, type RawAnswer } from './raw-answer.ts';

/**
 * What a body says that came by the platform's fetch. The platform decodes what it knows and leaves
 * the header as it was, so that only the bytes tell whether they are still encoded: no text in any
 * charset of the web has its control characters.
 */
export async function readFetched(raw: RawAnswer): Promise<HttpAnswer> {
  const { bytes, header } = raw;
  const isLabelled = codingsOf(header).length > 0;
  if (bytes.length === 0) {
    // Some platforms make nothing of what they cannot decode.
    const hadBody = isLabelled && Number(header('content-length')) > 0;
    return answerOf(hadBody ? { ...raw, ending: 'unreadable' } : raw);
  }
  const decoded = await unpacked(raw, isLabelled);
  if (decoded === null) return answerOf({ ...raw, ending: 'unreadable' });
  const answer = answerOf(decoded);
  return isLabelled && NO_TEXT.test(answer.body)
    ? { ...answer, body: '', ending: 'unreadable' }
    : answer;
}

type Format = 'gzip' | 'deflate';

/** A control character other than white space, or what stands for bytes that are none of the charset's. */
const NO_TEXT = /[^\s\P{Cc}]|\ufffd/u;

/** As often as something is encoded; null: it cannot be. */
async function unpacked(raw: RawAnswer, isLabelled: boolean): Promise<RawAnswer | null> {
  let { bytes, ending } = raw;
  for (let depth = 0; depth < 5; depth++) {
    const format = formatOf(bytes, isLabelled);
    if (format === null) break;
    const decoded = await unpack(bytes, format, raw.answerBytes);
    if (decoded === null || (decoded.ended === 'early' && ending === 'whole')) return null;
    bytes = decoded.bytes;
    if (decoded.ended === 'cut') ending = 'cut';
  }
  return { ...raw, bytes, ending };
}

function formatOf(bytes: Uint8Array, isLabelled: boolean): Format | null {
  if (looksLikeGzip(bytes)) return 'gzip';
  return isLabelled && looksLikeZlib(bytes) ? 'deflate' : null;
}

type Unpacked = { readonly bytes: Uint8Array; readonly ended: 'well' | 'cut' | 'early' };

/** null: it is something else than it looks like. */
async function unpack(bytes: Uint8Array, format: Format, limit: number): Promise<Unpacked | null> {
  const decoder = new DecompressionStream(format);
  const writer = decoder.writable.getWriter();
  // What is wrong with it is read on the other side.
  void writer.write(bytes.slice()).catch(() => undefined);
  void writer.close().catch(() => undefined);
  const reader = decoder.readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= limit) {
      const { done, value } = await reader.read();
      if (done) return { bytes: joined(chunks), ended: 'well' };
      chunks.push(value);
      length += value.length;
    }
  } catch {
    return length === 0 ? null : { bytes: joined(chunks), ended: 'early' };
  }
  await reader.cancel().catch(() => undefined);
  return { bytes: joined(chunks).subarray(0, limit), ended: 'cut' };
}
