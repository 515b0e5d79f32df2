import type { Socket } from 'node:net';
import { type buildConnector, Client } from 'undici';
import { InterimAnswers } from './interim-answers.ts';

export type Connector = buildConnector.connector;

/** Of what is, or was last, open. */
type Opened = { socket: Socket | null; hasUnread: boolean };

/** One connection to an origin, which is made anew where it was closed. One request at a time. */
export class HttpConnection extends Client {
  readonly #interim: InterimAnswers;
  readonly #opened: Opened;

  constructor(origin: string, connector: Connector) {
    const interim = new InterimAnswers();
    const opened: Opened = { socket: null, hasUnread: false };
    super(origin, {
      pipelining: 1,
      // The request's own timer bounds them all.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        opened.socket = null;
        opened.hasUnread = false;
        connector(options, (...connected) => {
          const [error, socket] = connected;
          if (error !== null) return callback(error, null);
          opened.socket = socket;
          passInterim(socket, interim);
          callback(null, socket);
        });
      },
    });
    this.#interim = interim;
    this.#opened = opened;
  }

  /** A request goes out over it. */
  requested(): void {
    this.#interim.begin();
  }

  /** A whole answer came over it. `mayBeUnread`: perhaps before its request was read. */
  answered(mayBeUnread: boolean): void {
    this.#opened.hasUnread = mayBeUnread;
  }

  /** The other side may still have something of the last request before it, or close because of it. */
  get hasUnread(): boolean {
    return this.#opened.hasUnread;
  }

  /** Part of the request has not even left this process. */
  get isSending(): boolean {
    return (this.#opened.socket?.writableLength ?? 0) > 0;
  }

  /** The next request goes over another. */
  retire(): void {
    this.#opened.socket?.destroy();
  }
}

function passInterim(socket: Socket, interim: InterimAnswers): void {
  const { read } = socket;
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read.call(socket, size);
    if (chunk instanceof Uint8Array) interim.pass(chunk);
    return chunk;
  };
}
