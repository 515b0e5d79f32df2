import { answerOf, type RawAnswer } from './raw-answer.ts';
import { codingsOf, looksLikeGzip } from './content-codings.ts';
import type { HttpAnswer } from './http-client.ts';

/** What a body says, decoded where it is encoded. */
export function readAnswer(raw: RawAnswer): HttpAnswer | Promise<HttpAnswer> {
  const codings = codingsOf(raw.header);
  const { bytes } = raw;
  if (bytes.length === 0 || (codings.length === 0 && !looksLikeGzip(bytes))) return answerOf(raw);
  return readEncoded(raw, codings.length === 0 ? ['gzip'] : codings);
}

async function readEncoded(raw: RawAnswer, codings: readonly string[]): Promise<HttpAnswer> {
  // Loaded by whom it is for: an endpoint is asked for a plain answer.
  const { decompressed } = await import('./decompress.ts');
  const decoded = await decompressed(raw.bytes, codings, raw.answerBytes, raw.ending === 'whole');
  return answerOf({ ...raw, ...decoded });
}
