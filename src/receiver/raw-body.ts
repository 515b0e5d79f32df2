import { ReceiverError } from './receiver-error.ts';

/** The bytes as they came. A text is taken for UTF-8 that was decoded without loss. */
export type RawBody = Uint8Array | ArrayBuffer | string;

/** @throws ReceiverError `body_invalid` for what a JSON parser has been at */
export function bytesOf(body: RawBody): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new ReceiverError(
    'body_invalid',
    'The body is not raw: give the bytes as they came, from before any JSON parser.',
  );
}

/** @throws ReceiverError `body_invalid` for bytes that are no UTF-8 */
export function textOf(body: RawBody): string {
  if (typeof body === 'string') return body;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(body));
  } catch (error) {
    if (error instanceof ReceiverError) throw error;
    throw new ReceiverError('body_invalid', 'The body is no UTF-8.', error);
  }
}

/** As much as an endpoint can be configured to send. */
const DISCARDED_BYTES = 128 << 20;

/**
 * Keeps no more than the bound. What is beyond it is read and thrown away: servers that have not read
 * all of a request break its connection, and the sender would take that, not the answer, for what is
 * wrong, and send the same again.
 * @throws ReceiverError `body_too_large`, or `body_incomplete` where the sender broke off
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  while (length <= maxBytes + DISCARDED_BYTES) {
    const read = await nextOf(reader);
    if (read === undefined || read.done) break;
    length += read.value.length;
    if (length <= maxBytes) chunks.push(read.value);
    else chunks.length = 0;
  }
  if (length <= maxBytes) return concatenate(chunks, length);
  throw new ReceiverError('body_too_large', `The body has more than ${maxBytes} bytes.`);
}

async function nextOf(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>> | undefined> {
  try {
    return await reader?.read();
  } catch (error) {
    throw new ReceiverError('body_incomplete', 'The body ended before its time.', error);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
