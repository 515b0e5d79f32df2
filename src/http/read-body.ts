import { RequestError } from './request-error.ts';

const MAX_BODY_BYTES = 64 << 10;

/** The JSON of a request; undefined where it has no body. Throws RequestError. */
export async function readJsonBody(request: Request): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return undefined;
  const type = request.headers.get('content-type') ?? 'none';
  const isJson = /^application\/json *(; *charset="?utf-8"? *)?$/i.test(type);
  if (!isJson || request.headers.has('content-encoding')) {
    throw new RequestError('media_type_unsupported', 'the body has to be application/json');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new RequestError('request_invalid', 'the body is no JSON in UTF-8', {
      faults: [{ path: 'body', got: 'something else', wants: 'JSON in UTF-8' }],
    });
  }
}

/** Counts what comes, whatever content-length says, and reads no further than it has to. */
async function readBytes(request: Request): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > MAX_BODY_BYTES) throw tooLarge();
  const body = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  try {
    for await (const chunk of chunksOf(request.body)) {
      if (length + chunk.length > MAX_BODY_BYTES) throw tooLarge();
      body.set(chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw brokenOff();
  }
  if (isBrokenOff(request, length)) throw brokenOff();
  return body.subarray(0, length);
}

/** A caller that was gone before it was read may read as one that sent nothing. */
function isBrokenOff({ headers, signal }: Request, length: number): boolean {
  const announced = headers.get('content-length');
  if (announced !== null) return Number(announced) !== length;
  return length === 0 && headers.has('transfer-encoding') && signal.aborted;
}

function brokenOff(): RequestError {
  return new RequestError('request_invalid', 'the body ended before it was whole');
}

/** A reader of one's own: not every runtime can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (stream === null) return;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // What was not read is not waited for.
    await reader.cancel().catch(() => undefined);
  }
}

function tooLarge(): RequestError {
  const message = `the body is larger than ${MAX_BODY_BYTES} bytes`;
  return new RequestError('request_too_large', message, { headers: { connection: 'close' } });
}
