import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainLog } from '../drain/ports.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { RequestError } from '../http/request-error.ts';
import { requestIdOf } from '../http/request-id.ts';
import { connectionBound } from './descriptors.ts';
import type { Drainer } from './drainer.ts';
import { openHttpApp } from './http-app.ts';
import { isLoopbackAddress, isLoopbackPeer } from './node-peer.ts';
import type { Platform } from './platform.ts';
import { OpenConnections } from './open-connections.ts';
import {
  CONNECTION_TIMES,
  type ConnectionLimits,
  REQUEST_LIMITS,
  type RequestLimits,
} from './request-limits.ts';
import { UnansweredRequests } from './unanswered-requests.ts';
import {
  hostFault,
  type Refusal,
  refusal,
  responseTo,
  unmetExpectation,
  unreadable,
  unreadableBecause,
  writeRefusal,
} from './unreadable-requests.ts';

export type NodeServerOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Of whoever else drains in this process; without it, each drain is by itself. */
  readonly drainer?: Drainer | undefined;
  readonly limits?: RequestLimits | undefined;
  readonly connectionLimits?: Partial<ConnectionLimits> | undefined;
};

export type NodeServer = {
  /** Where it listens: the port is the one it got where it asked for any. */
  readonly url: string;
  /** Takes nothing new, lets what is under way end, and breaks what is left after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
};

/**
 * Where HTTP/1.0 names none. Not this machine's: without a token, whoever names it is answered.
 * @see https://www.rfc-editor.org/rfc/rfc2606#section-2
 */
const NO_HOST = 'unnamed.invalid';

/** The HTTP app over Node's own server. Throws WalhookError usage where it cannot listen. */
export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { config, platform, log, limits = REQUEST_LIMITS } = options;
  const connections = new OpenConnections(
    {
      ...CONNECTION_TIMES,
      maxConnections: connectionBound(config),
      ...options.connectionLimits,
    },
    platform.clock,
    log,
  );
  const stop = new AbortController();
  const app = openHttpApp({
    ...options,
    signal: stop.signal,
    isLoopback: isLoopbackPeer,
  });
  const underWay = new Set<Promise<Response>>();
  const unanswered = new UnansweredRequests();
  const refuse = (error: RequestError, request?: Request): Refusal =>
    refusal(error, request === undefined ? randomUUID() : requestIdOf(request), log);
  const refused = new WeakSet<Socket>();
  const refuseOn = async (socket: Socket, code: string | undefined): Promise<void> => {
    // What follows something unreadable is as unreadable.
    if (refused.has(socket)) return;
    refused.add(socket);
    // More of it would count as a sign of life, and keep a peer that takes no answer connected.
    socket.pause();
    const mayWrite = code !== 'ECONNRESET' && (await unanswered.answered(socket));
    if (!mayWrite || !socket.writable) return void socket.destroy();
    writeRefusal(socket, refuse(unreadableBecause(code)));
    connections.dismiss(socket);
  };
  const fetch = async (request: Request, env: HttpBindings): Promise<Response> => {
    const fault = hostFault(env.incoming);
    if (fault !== null) return responseTo(refuse(fault, request));
    const answer = connections.whileBusy(env.incoming.socket, () => app.fetch(request, env));
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const listenerOf = (answer: typeof fetch) =>
    getRequestListener((request, env) => answer(request, env as HttpBindings), {
      overrideGlobalObjects: false,
      hostname: NO_HOST,
      errorHandler: () => responseTo(refuse(unreadable())),
    });
  const listener = listenerOf(fetch);
  const expecting = listenerOf(async (request) => responseTo(refuse(unmetExpectation(), request)));
  const server = createServer({ ...limits, requireHostHeader: false }, (request, response) => {
    // A connection that is kept alive would keep a closing server open.
    response.on('finish', () => {
      if (stop.signal.aborted) setImmediate(() => server.closeIdleConnections());
    });
    unanswered.add(request.socket, response);
    void listener(request, response);
  });
  // Their size is bounded. Past a number of them Node drops the rest, those that matter too.
  server.maxHeadersCount = 0;
  server.on('checkExpectation', (request, response) => void expecting(request, response));
  server.on('connection', (socket: Socket) => connections.opened(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    void refuseOn(duplex as Socket, error.code);
  });
  const { address, url } = await listen(server, config.http);
  server.on('error', ({ message }) =>
    log.warn('a connection cannot be accepted', { reason: message }),
  );
  log.info('listening', { url });
  if (config.http.tokens.length === 0 && !isLoopbackAddress(address)) {
    log.warn(
      'no token is configured: whoever calls from another machine is refused. Set WALHOOK_TOKEN',
    );
  }
  return {
    url,
    async close(graceMs) {
      stop.abort();
      const closed = once(server, 'close');
      server.close();
      void connections.closeQuiet((socket) => unanswered.areNone(socket));
      const over = new AbortController();
      // A drain goes on when its caller has hung up, and the server knows nothing of it then.
      const ended = Promise.all([closed, ...underWay]);
      await Promise.race([ended, platform.clock.sleep(graceMs, over.signal)]);
      over.abort();
      connections.closeAll();
      await closed;
    },
  };
}

async function listen(
  server: Server,
  { host, port }: ResolvedConfig['http'],
): Promise<{ readonly address: string; readonly url: string }> {
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
  return { address, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${got}` };
}
