import {
  type Connection as ProtocolConnection,
  Query,
  type QueryConfig,
  type QueryResult,
  type Submittable,
} from 'pg';

/** What the driver calls of a query under way; its types keep it to themselves. */
type Handlers = {
  submit(connection: ProtocolConnection): Error | null;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: ProtocolConnection): void;
  handleEmptyQuery(connection: ProtocolConnection): void;
  handlePortalSuspended(connection: ProtocolConnection): void;
  handleError(error: unknown, connection: ProtocolConnection): void;
  handleReadyForQuery(connection: ProtocolConnection): void;
};

/** As the protocol has them, which the driver's types do not. */
type Frames = {
  parse(message: { readonly text: string; readonly name: string }): void;
  bind(message: object): void;
  execute(message: object): void;
  sync(): void;
};

/**
 * A statement with parameters in a transaction of its own, whose beginning and end go with it: all is
 * one message to the server, and one answer, as if it were the statement alone. Where it fails, the
 * transaction is left open, for the server passes over what comes behind an error.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class PinnedStatement implements Submittable {
  readonly #statement: Handlers;
  readonly #before: readonly string[];
  #answersBefore: number;
  #isAnswered = false;

  constructor(
    query: QueryConfig,
    before: readonly string[],
    done: (error: Error | null | undefined, result: QueryResult) => void,
  ) {
    // Also one without parameters: a text of its own would be another message.
    const config = { ...query, queryMode: 'extended' } as QueryConfig;
    this.#statement = new Query(config, done as never) as unknown as Handlers;
    this.#before = before;
    this.#answersBefore = before.length;
  }

  // The driver calls what follows.

  submit(connection: ProtocolConnection): Error | null {
    return this.#statement.submit(surrounded(connection, this.#before));
  }

  handleRowDescription(message: unknown): void {
    this.#statement.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    if (this.#answersBefore === 0) this.#statement.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, connection: ProtocolConnection): void {
    if (this.#answersBefore > 0) {
      this.#answersBefore -= 1;
    } else if (!this.#isAnswered) {
      this.#isAnswered = true;
      this.#statement.handleCommandComplete(message, connection);
    }
  }

  handleEmptyQuery(connection: ProtocolConnection): void {
    this.#statement.handleEmptyQuery(connection);
  }

  handlePortalSuspended(connection: ProtocolConnection): void {
    this.#statement.handlePortalSuspended(connection);
  }

  handleError(error: unknown, connection: ProtocolConnection): void {
    this.#statement.handleError(error, connection);
  }

  handleReadyForQuery(connection: ProtocolConnection): void {
    this.#statement.handleReadyForQuery(connection);
  }
}

/** The connection as the statement sees it: what it sends first and last is sent with more. */
function surrounded(connection: ProtocolConnection, before: readonly string[]): ProtocolConnection {
  const frames = connection as unknown as Frames;
  return Object.create(connection, {
    parse: {
      value(message: { readonly text: string; readonly name: string }) {
        for (const text of before) send(frames, text);
        frames.parse(message);
      },
    },
    sync: {
      value() {
        send(frames, 'commit');
        frames.sync();
      },
    },
  }) as ProtocolConnection;
}

function send(frames: Frames, text: string): void {
  frames.parse({ text, name: '' });
  frames.bind({});
  frames.execute({});
}
