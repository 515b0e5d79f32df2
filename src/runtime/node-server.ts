import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainLog } from '../drain/ports.ts';
import { type ErrorCode, ERRORS } from '../errors/catalogue.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { Drainer } from './drainer.ts';
import { openHttpApp } from './http-app.ts';
import { isLoopbackPeer } from './node-peer.ts';
import type { Platform } from './platform.ts';

export type NodeServerOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Of whoever else drains in this process; without it, each drain is by itself. */
  readonly drainer?: Drainer | undefined;
};

export type NodeServer = {
  /** Where it listens: the port is the one it got where it asked for any. */
  readonly url: string;
  /** Takes nothing new, lets what is under way end, and breaks what is left after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
};

const MAX_HEADER_BYTES = 16 << 10;
const HEADERS_TIMEOUT_MS = 10_000;
/** For a request to arrive as a whole. Its answer may take as long as a drain. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the load balancers', so that none of them sends over a connection that just ends. */
const KEEP_ALIVE_MS = 65_000;

/** The HTTP app over Node's own server. Throws WalhookError usage where it cannot listen. */
export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { config, platform, log } = options;
  const stop = new AbortController();
  const app = openHttpApp({
    ...options,
    signal: stop.signal,
    isLoopback: isLoopbackPeer,
  });
  const underWay = new Set<Promise<Response>>();
  const fetch = async (request: Request, env: unknown): Promise<Response> => {
    const answer = app.fetch(request, env);
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const listener = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json(problemOf(MALFORMED), { status: 400, headers: PROBLEM_TYPE }),
  });
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const server = createServer(limits, (request, response) => {
    // A connection that is kept alive would keep a closing server open.
    response.on('finish', () => {
      if (stop.signal.aborted) setImmediate(() => server.closeIdleConnections());
    });
    void listener(request, response);
  });
  server.on('clientError', refuseUnreadable);
  const url = await listen(server, config.http);
  log.info('listening', { url });
  return {
    url,
    async close(graceMs) {
      stop.abort();
      const closed = once(server, 'close');
      server.close();
      const over = new AbortController();
      // A drain goes on when its caller has hung up, and the server knows nothing of it then.
      const ended = Promise.all([closed, ...underWay]);
      await Promise.race([ended, platform.clock.sleep(graceMs, over.signal)]);
      over.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, { host, port }: ResolvedConfig['http']): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WalhookError('usage', `cannot listen at ${host}, port ${port}: ${reason}`, {
      remedy: 'Choose another http.host or http.port.',
      cause: error,
    });
  }
  const { address, port: got, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${got}`;
}

type Refusal = readonly [status: number, phrase: string, code: ErrorCode];

const MALFORMED: Refusal = [400, 'Bad Request', 'request_invalid'];

const UNREADABLE: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'request_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'request_invalid'],
};

const PROBLEM_TYPE = { 'content-type': 'application/problem+json' };

/** What is no HTTP, or too much of it, before there is a request to answer. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const refusal = UNREADABLE[error.code ?? ''] ?? MALFORMED;
  const [status, phrase] = refusal;
  const body = JSON.stringify(problemOf(refusal));
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    `content-type: ${PROBLEM_TYPE['content-type']}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Without an id: there is no request that could have one. */
function problemOf([status, , code]: Refusal) {
  return {
    type: `urn:walhook:problem:${code}`,
    title: ERRORS[code].remedy,
    status,
    detail: 'the server cannot read the request',
    code,
  };
}
