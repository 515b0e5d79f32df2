import { methodProblem } from './create-receiver.ts';
import { problemOf, problemResponse } from './problem.ts';
import { ReceiverError } from './receiver-error.ts';

/** What a Node server hands on, as far as it is needed: of `node:http`, Express, Fastify's `raw`. */
export type NodeRequest = AsyncIterable<unknown> & {
  readonly method?: string | undefined;
  /** Whether the bytes have been taken out already. */
  readonly readableDidRead?: boolean | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as they came, where something in front has read them and kept them. */
  readonly rawBody?: unknown;
  /** What a body parser in front has made of them; bytes, where it is one for bytes. */
  readonly body?: unknown;
};

export type NodeResponse = {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
};

const HEADERS = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * A receiver as a listener of a Node server, and as a handler of Express and its like. Whatever is
 * sent to it, it answers, and does not throw. Where a parser was there before, the bytes that were
 * signed have to be kept, as `rawBody`, or be the `body`.
 */
export function nodeListener(
  receive: (request: Request) => Promise<Response>,
): (incoming: NodeRequest, outgoing: NodeResponse) => void {
  return (incoming, outgoing) => void answer(receive, incoming, outgoing);
}

async function answer(
  receive: (request: Request) => Promise<Response>,
  incoming: NodeRequest,
  outgoing: NodeResponse,
): Promise<void> {
  const response = await responseTo(receive, incoming);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}

async function responseTo(
  receive: (request: Request) => Promise<Response>,
  incoming: NodeRequest,
): Promise<Response> {
  const { method = 'GET' } = incoming;
  const refused = methodProblem(method);
  if (refused !== null) return refused;
  try {
    return await receive(webRequest(method, incoming));
  } catch (error) {
    return problemResponse(problemOf(error));
  }
}

/** Only of what is needed: any other header, and the path, may be what no web-standard request takes. */
function webRequest(method: string, incoming: NodeRequest): Request {
  const headers = new Headers();
  for (const name of HEADERS) {
    const value = incoming.headers[name];
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(' '));
  }
  const init = { method, headers, body: bodyOf(incoming), duplex: 'half' } as const;
  return new Request('http://receiver.invalid/', init);
}

/** @throws ReceiverError `body_parsed` */
function bodyOf(
  incoming: NodeRequest,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string {
  for (const read of [incoming.rawBody, incoming.body]) {
    if (typeof read === 'string') return read;
    // A copy: what is shared with others cannot be a body.
    if (read instanceof Uint8Array) return new Uint8Array(read);
  }
  if (incoming.readableDidRead !== true) return streamOf(incoming);
  throw new ReceiverError(
    'body_parsed',
    'A parser has read the body before. Keep the bytes as they came, as rawBody, or leave the parser out here.',
  );
}

function streamOf(chunks: AsyncIterable<unknown>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value as Uint8Array);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
