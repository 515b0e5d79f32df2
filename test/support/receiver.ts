import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { sweep } from './secret-sweep.ts';

export type ReceivedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The sender's: requests over one connection have it in common. */
  readonly peerPort: number | undefined;
  /** As it was signed. */
  readonly body: Buffer;
  /** The events of a batch, the items of an array, or the one event that the body is. */
  readonly events: readonly ReceivedEvent[];
};

export type ReceivedEvent = Readonly<Record<string, unknown>>;

/**
 * A status alone, a whole answer, a connection that breaks, one that is never answered, or one that
 * writes its answer itself.
 */
export type Answer =
  | number
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'reset'
  | 'hang'
  | ((response: ServerResponse) => void);

/** Without an answer: 204. `nth` counts requests from 1. */
export type Handler = (
  request: ReceivedRequest,
  nth: number,
) => Answer | undefined | void | Promise<Answer | undefined | void>;

export type Receiver = {
  readonly url: string;
  readonly port: number;
  /** In the order in which their bodies were complete, also those that were refused. */
  readonly requests: readonly ReceivedRequest[];
  events(): ReceivedEvent[];
  /** Answers from here on by `handler`. */
  answerWith(handler: Handler): void;
  /** Resolves as soon as `predicate` holds, looked at after each request. */
  waitFor(predicate: (receiver: Receiver) => boolean): Promise<void>;
  /** Breaks what is open, and fails who still waits. */
  close(): Promise<void>;
};

type Waiter = {
  readonly predicate: (receiver: Receiver) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

const started = new Set<Receiver>();

afterAll(async () => {
  for (const receiver of started) await receiver.close();
});

/** A real HTTP server on the loopback interface; closed after the test file at the latest. */
export async function startReceiver(handler: Handler = () => undefined): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const waiters = new Set<Waiter>();
  let answer = handler;

  const server = createServer((incoming, response) => {
    void handle(incoming, response);
  });
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    if (request === undefined) return;
    requests.push(request);
    const nth = requests.length;
    for (const waiter of waiters) {
      if (!waiter.predicate(receiver)) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
    send((await answer(request, nth)) ?? 204, response);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/`,
    port,
    requests,
    events: () => requests.flatMap((request) => request.events),
    answerWith(next) {
      answer = next;
    },
    waitFor(predicate) {
      if (predicate(receiver)) return Promise.resolve();
      return new Promise((resolve, reject) => waiters.add({ predicate, resolve, reject }));
    },
    async close() {
      if (!started.delete(receiver)) return;
      for (const { reject } of waiters) reject(new Error('The receiver was closed.'));
      waiters.clear();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  started.add(receiver);
  return receiver;
}

async function readRequest(incoming: IncomingMessage): Promise<ReceivedRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
  } catch {
    // The sender gave up, by a timeout or because a test killed it: nothing was received.
    return undefined;
  }
  const body = Buffer.concat(chunks);
  sweep('the body of a request', body);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    peerPort: incoming.socket.remotePort,
    body,
    events: parseEvents(body),
  };
}

function parseEvents(body: Buffer): ReceivedEvent[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return [];
  }
  if (Array.isArray(parsed)) return parsed.filter(isRecord);
  if (!isRecord(parsed)) return [];
  const { events } = parsed;
  return Array.isArray(events) ? events.filter(isRecord) : [parsed];
}

function isRecord(value: unknown): value is ReceivedEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function send(answer: Answer, response: ServerResponse): void {
  if (answer === 'hang') return;
  if (typeof answer === 'function') return answer(response);
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, headers, body } =
    typeof answer === 'number' ? { status: answer, headers: {}, body: '' } : answer;
  response.writeHead(status, headers).end(body);
}
