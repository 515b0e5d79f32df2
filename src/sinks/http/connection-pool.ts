import type { HttpConnection } from './http-connection.ts';

/** null: the pool was closed. */
type Waiting = (connection: HttpConnection | null) => void;

/** Connections of one endpoint, each lent to one request at a time. */
export class ConnectionPool {
  readonly #size: number;
  readonly #open: () => HttpConnection;
  readonly #all = new Set<HttpConnection>();
  /** The one that was used last is lent first, so that the others may time out. */
  readonly #idle: HttpConnection[] = [];
  readonly #waiting = new Set<Waiting>();
  #isClosed = false;

  constructor(size: number, open: () => HttpConnection) {
    this.#size = size;
    this.#open = open;
  }

  /** Calls `use` at once, or when a connection is given back; in the order of the calls. */
  lend(use: Waiting): void {
    const connection = this.#idle.pop() ?? this.#another();
    if (connection === null && !this.#isClosed) this.#waiting.add(use);
    else use(connection);
  }

  /** It waits no longer. */
  forget(use: Waiting): void {
    this.#waiting.delete(use);
  }

  giveBack(connection: HttpConnection): void {
    if (this.#isClosed || !this.#all.has(connection)) return;
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#idle.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next(connection);
  }

  /** Instead of giving it back: it is not worth to be lent again. */
  discard(connection: HttpConnection): void {
    if (this.#isClosed || !this.#all.delete(connection)) return;
    void connection.destroy();
    const [next] = this.#waiting;
    const another = next === undefined ? null : this.#another();
    if (another === null) return;
    this.#waiting.delete(next!);
    next!(another);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#idle.length = 0;
    for (const use of this.#waiting) use(null);
    this.#waiting.clear();
    await Promise.all([...this.#all].map((connection) => connection.destroy()));
  }

  #another(): HttpConnection | null {
    if (this.#isClosed || this.#all.size >= this.#size) return null;
    const connection = this.#open();
    this.#all.add(connection);
    return connection;
  }
}
