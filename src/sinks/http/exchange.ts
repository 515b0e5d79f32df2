import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import type { ConnectionPool } from './connection-pool.ts';
import {
  ANSWER_BYTES,
  connectionFailure,
  type HttpAnswer,
  type HttpRequest,
  NoAnswerError,
} from './http-client.ts';
import type { HttpConnection } from './http-connection.ts';
import type { Route } from './proxy-route.ts';
import { readAnswer } from './read-answer.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The other side closed a connection on which it had not begun to answer. */
const CLOSED_BY_PEER: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What a server has read when it has read the head: it stands in the first segments. */
const READ_AT_ONCE_BYTES = 16 << 10;

/** One request and its answer, over a connection of the pool. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #pool: ConnectionPool;
  readonly #request: HttpRequest;
  readonly #forward: Route['forward'];
  readonly #resolve: (answer: HttpAnswer | Promise<HttpAnswer>) => void;
  readonly #reject: (error: NoAnswerError) => void;
  readonly #answerBytes: number;
  readonly #chunks: Buffer[] = [];
  #connection: HttpConnection | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #status = 0;
  #headers: Headers = {};
  #received = 0;
  #isDone = false;
  #isBehindUnread = false;
  #isSecondTry = false;
  #isTakenWhole = true;

  constructor(
    pool: ConnectionPool,
    request: HttpRequest,
    forward: Route['forward'],
    resolve: (answer: HttpAnswer | Promise<HttpAnswer>) => void,
    reject: (error: NoAnswerError) => void,
  ) {
    this.#pool = pool;
    this.#request = request;
    this.#forward = forward;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#answerBytes = request.answerBytes ?? ANSWER_BYTES;
  }

  begin(): void {
    const { signal, timeoutMs } = this.#request;
    if (signal.aborted) return this.#onAbort();
    this.#timer = setTimeout(() => this.#abandon(`no answer within ${timeoutMs} ms`), timeoutMs);
    // Every request of an endpoint listens to one signal; Node would take that for a leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onAbort);
    this.#pool.lend(this.#sendOver);
  }

  readonly #sendOver = (connection: HttpConnection | null): void => {
    if (connection === null) return this.#finish('connection failed (closed)');
    const { body, headers, method, url } = this.#request;
    this.#connection = connection;
    this.#controller = null;
    connection.dispatch(
      {
        origin: url.origin,
        path: this.#forward === null ? url.pathname + url.search : url.href,
        method: method as Dispatcher.HttpMethod,
        headers: this.#forward === null ? headers : { ...headers, ...this.#forward },
        body: method === 'GET' ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      },
      this,
    );
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isDone) return controller.abort(new NoAnswerError('abandoned before it was sent'));
    this.#isBehindUnread = this.#connection!.hasUnread;
    this.#connection!.requested();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#isTakenWhole = this.#mayBeTakenWhole();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#received < this.#answerBytes) this.#chunks.push(Buffer.from(chunk));
    this.#received += chunk.length;
    if (this.#received > this.#answerBytes) {
      this.#abandon('the answer is larger than what is read of one');
    }
  }

  onResponseEnd(): void {
    const connection = this.#connection!;
    connection.answered(this.#request.body.length > READ_AT_ONCE_BYTES);
    if (!this.#isTakenWhole) connection.retire();
    this.#finish(null);
    this.#pool.giveBack(connection);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const connection = this.#connection!;
    if (this.#mayTryAgain(error)) {
      this.#isSecondTry = true;
      // Not in the midst of what undici does about the first.
      queueMicrotask(() => this.#sendOver(connection));
      return;
    }
    this.#finish(connectionFailure(error));
    this.#pool.discard(connection);
  }

  /**
   * A refusal may come before the request was read: what is left of it then stands before the next
   * request, and many servers close such a connection without saying so.
   */
  #mayBeTakenWhole(): boolean {
    const { body, method } = this.#request;
    const hasBody = method !== 'GET' && body.length > 0;
    return !hasBody || (this.#status < 300 && !this.#connection!.isSending);
  }

  /**
   * An answer to a large request may have come before that was read, and the other side closes the
   * connection then, often without saying so. What dies behind it says nothing of the endpoint: it
   * goes out once more, over a new connection, under the same idempotency-key (RFC 9110, 9.2.2).
   */
  #mayTryAgain(error: Error): boolean {
    if (this.#isDone || this.#status !== 0 || this.#isSecondTry) return false;
    const wasSent = this.#controller !== null;
    const isBehindUnread = wasSent ? this.#isBehindUnread : this.#connection!.hasUnread;
    return isBehindUnread && CLOSED_BY_PEER.has('code' in error ? error.code : null);
  }

  readonly #onAbort = (): void => this.#abandon('the drain stopped before an answer came');

  #abandon(problem: string): void {
    this.#finish(problem);
    if (this.#controller !== null) this.#controller.abort(new NoAnswerError(problem));
    else if (this.#connection === null) this.#pool.forget(this.#sendOver);
    // It waits for a connection that does not come about.
    else this.#pool.discard(this.#connection);
  }

  #finish(problem: string | null): void {
    if (this.#isDone) return;
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    if (this.#status === 0) {
      this.#reject(new NoAnswerError(problem ?? 'the connection was closed without an answer'));
      return;
    }
    const isCut = this.#received > this.#answerBytes;
    const headers = this.#headers;
    this.#resolve(
      readAnswer({
        status: this.#status,
        header: (name) => headerValue(headers[name]),
        bytes: Buffer.concat(this.#chunks).subarray(0, this.#answerBytes),
        answerBytes: this.#answerBytes,
        ending: isCut ? 'cut' : problem === null ? 'whole' : 'broke-off',
      }),
    );
  }
}

/** Several lines are one list, as for fetch (RFC 9110, 5.3). */
function headerValue(value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}
