import { setMaxListeners } from 'node:events';
import { type Dispatcher, Pool } from 'undici';
import {
  ANSWER_BYTES,
  connectionFailure,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  NoAnswerError,
} from './http-client.ts';

/**
 * Node: kept-alive connections through undici's dispatch, one request a connection at a time. The
 * body's bytes are sent as they are, nothing is allocated for a stream.
 */
export function undiciClient(origin: URL, connections: number): HttpClient {
  const pool = new Pool(origin.origin, {
    connections,
    pipelining: 1,
    // The request's own timer bounds them all.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    request: (request) =>
      new Promise((resolve, reject) => dispatch(pool, request, resolve, reject)),
    close: () => pool.destroy(),
  };
}

function dispatch(
  pool: Pool,
  request: HttpRequest,
  resolve: (answer: HttpAnswer) => void,
  reject: (error: NoAnswerError) => void,
): void {
  const { answerBytes = ANSWER_BYTES, body, method, signal, timeoutMs, url } = request;
  const chunks: Buffer[] = [];
  let controller: Dispatcher.DispatchController | null = null;
  let status = 0;
  let headers: Readonly<Record<string, string | string[] | undefined>> = {};
  let received = 0;
  let done = false;

  const finish = (problem: string | null): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    if (status === 0) {
      reject(new NoAnswerError(problem ?? 'the connection was closed without an answer'));
      return;
    }
    resolve({
      status,
      header: (name) => headerValue(headers[name]),
      body: Buffer.concat(chunks).toString('utf8', 0, answerBytes),
      ending: received > answerBytes ? 'cut' : problem === null ? 'whole' : 'broke-off',
    });
  };
  const abandon = (problem: string): void => {
    const abandoned = new NoAnswerError(problem);
    finish(problem);
    controller?.abort(abandoned);
  };
  const onAbort = (): void => abandon('the drain stopped before an answer came');
  const timer = setTimeout(() => abandon(`no answer within ${timeoutMs} ms`), timeoutMs);
  if (signal.aborted) return onAbort();
  // Every request of an endpoint listens to one signal; Node would take that for a leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort);

  pool.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: request.headers,
      body: method === 'GET' ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    },
    {
      onRequestStart(started) {
        controller = started;
        if (done) started.abort(new NoAnswerError('abandoned while it waited for a connection'));
      },
      onResponseStart(_controller, statusCode, responseHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = responseHeaders;
      },
      onResponseData(_controller, chunk) {
        if (received < answerBytes) chunks.push(Buffer.from(chunk));
        received += chunk.length;
        if (received > answerBytes) abandon('the answer is larger than what is read of one');
      },
      onResponseEnd() {
        finish(null);
      },
      onResponseError(_controller, error) {
        finish(connectionFailure(error));
      },
    },
  );
}

/** Several lines are one list, as for fetch (RFC 9110, 5.3). */
function headerValue(value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}
