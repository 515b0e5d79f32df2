import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { sweep } from '../support/secret-sweep.ts';

export type Invoked = {
  readonly kind: 'response' | 'error';
  readonly body: unknown;
  /** Timers and sockets that the invocation left in its process. */
  readonly left: readonly string[];
};

/** @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export type RuntimeApi = {
  readonly address: string;
  /** Resolves once the runtime waits for an event. */
  readonly idle: () => Promise<void>;
  /** Hands an event to the runtime that waits; resolves with its answer. */
  readonly hand: (event: unknown, timeoutMs: number) => Promise<Invoked>;
  readonly close: () => Promise<void>;
};

const ROUTE =
  /^\/2018-06-01\/runtime\/invocation\/(?:(?<next>next)|(?<id>[\w-]+)\/(?<kind>response|error))$/;

export async function startRuntimeApi(): Promise<RuntimeApi> {
  let waiting = deferred<ServerResponse>();
  let answered = deferred<Invoked>();
  let invocations = 0;

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { next, id, kind } = ROUTE.exec(request.url ?? '')?.groups ?? {};
    if (next !== undefined) return waiting.resolve(response);
    if (id !== idOf(invocations)) return void response.writeHead(400).end();
    const said = await text(request);
    sweep(`the ${kind} of a function`, said);
    const body: unknown = JSON.parse(said);
    const left = String(request.headers['x-left']).split(' ').filter(Boolean);
    response.writeHead(202).end();
    answered.resolve({ kind: kind === 'error' ? 'error' : 'response', body, left });
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    idle: async () => void (await waiting.promise),
    async hand(event, timeoutMs) {
      const response = await waiting.promise;
      waiting = deferred();
      answered = deferred();
      invocations += 1;
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': idOf(invocations),
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
        'lambda-runtime-invoked-function-arn':
          'arn:aws:lambda:eu-central-1:123456789012:function:walhook',
      });
      response.end(JSON.stringify(event));
      return answered.promise;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function idOf(nth: number): string {
  return `8476a536-e9f4-11e8-9739-${String(nth).padStart(12, '0')}`;
}

type Deferred<T> = { readonly promise: Promise<T>; readonly resolve: (value: T) => void };

function deferred<T>(): Deferred<T> {
  const settle: { resolve?: (value: T) => void } = {};
  const promise = new Promise<T>((resolve) => (settle.resolve = resolve));
  return { promise, resolve: (value) => settle.resolve?.(value) };
}
