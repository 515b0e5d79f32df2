import {
  ANSWER_BYTES,
  connectionFailure,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  NoAnswerError,
} from './http-client.ts';

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
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    ...(await beginning(response, request.answerBytes)),
  };
}

/** The status is the answer: a body that fails or drags on past the timeout is cut, not waited for. */
async function beginning(
  response: Response,
  answerBytes = ANSWER_BYTES,
): Promise<Pick<HttpAnswer, 'body' | 'ending'>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { body: '', ending: 'whole' };
  const decoder = new TextDecoder();
  let text = '';
  let received = 0;
  try {
    while (received <= answerBytes) {
      const { done, value } = await reader.read();
      if (done) return { body: text + decoder.decode(), ending: 'whole' };
      received += value.length;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return { body: text, ending: 'broke-off' };
  }
  await reader.cancel().catch(() => undefined);
  return { body: text.slice(0, answerBytes), ending: 'cut' };
}
