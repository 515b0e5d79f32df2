import {
  ANSWER_BYTES,
  type AnswerEnding,
  connectionFailure,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  NoAnswerError,
} from './http-client.ts';
import { joined } from './joined-bytes.ts';
import type { RawAnswer } from './raw-answer.ts';
import { readFetched } from './read-fetched.ts';

/** Runtimes without Node's sockets: the platform's fetch, which keeps connections by itself. */
export function fetchClient(): HttpClient {
  return { request: send, close: () => Promise.resolve() };
}

async function send(request: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      // A copy: the platform may send it after the answer came, when the buffer serves another batch.
      // None for a GET, which may have none.
      body: request.method === 'GET' ? null : request.body.slice(),
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, timeout]),
    });
  } catch (error) {
    if (timeout.aborted) throw new NoAnswerError(`no answer within ${request.timeoutMs} ms`);
    if (request.signal.aborted) throw new NoAnswerError('the drain stopped before an answer came');
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new NoAnswerError(connectionFailure(cause));
  }
  const { status, headers } = response;
  const header = (name: string): string | null => headers.get(name);
  const { answerBytes = ANSWER_BYTES } = request;
  return readFetched({ status, header, answerBytes, ...(await beginning(response, answerBytes)) });
}

/** A body that fails or drags on past the timeout is cut short, not waited for. */
async function beginning(
  response: Response,
  answerBytes: number,
): Promise<Pick<RawAnswer, 'bytes' | 'ending'>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { bytes: NOTHING, ending: 'whole' };
  const chunks: Uint8Array[] = [];
  let received = 0;
  let ending: AnswerEnding = 'cut';
  try {
    while (received <= answerBytes) {
      const { done, value } = await reader.read();
      if (done) {
        ending = 'whole';
        break;
      }
      received += value.length;
      chunks.push(value);
    }
  } catch {
    ending = 'broke-off';
  }
  if (ending === 'cut') await reader.cancel().catch(() => undefined);
  return { bytes: joined(chunks).subarray(0, answerBytes), ending };
}

const NOTHING = new Uint8Array(0);
