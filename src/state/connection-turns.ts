import type { StateClient } from './state-client.ts';

/**
 * Lends a connection to one transaction at a time. What anybody else asks of it meanwhile waits: it
 * would become a part of that transaction, and be undone with it.
 */
export class ConnectionTurns {
  readonly #client: StateClient;
  #transactions: Promise<unknown> = Promise.resolve();

  constructor(client: StateClient) {
    this.#client = client;
  }

  /** For single statements. */
  readonly shared: StateClient = {
    query: (query, values) => this.#transactions.then(() => this.#client.query(query, values)),
  };

  /** For a transaction that has the connection for itself until `work` is over. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#transactions.then(work);
    this.#transactions = result.catch(() => undefined);
    return result;
  }
}
