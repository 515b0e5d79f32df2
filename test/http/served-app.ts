import { EventEmitter, once } from 'node:events';
import { afterAll } from 'vitest';
import { createRedact } from '../../src/config/redact.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { createLogger, type Logger } from '../../src/observability/log.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { startNodeServer } from '../../src/runtime/node-server.ts';
import type { ConnectionLimits, RequestLimits } from '../../src/runtime/request-limits.ts';
import { secret } from '../support/secrets.ts';

export const TOKEN = secret('token');
export const CRON_SECRET = secret('cron');

export type ServedApp = {
  readonly url: string;
  readonly port: number;
  /** What was logged so far, at every level. */
  readonly log: () => string;
  /** Resolves with the next line that says it. */
  readonly logged: (message: string) => Promise<void>;
  /** With the token, unless headers say otherwise. */
  readonly ask: (path: string, init?: RequestInit) => Promise<Answered>;
  readonly post: (path: string, body?: unknown) => Promise<Answered>;
  readonly close: (graceMs?: number) => Promise<void>;
};

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

export type ServeAppOptions = {
  readonly limits?: RequestLimits;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  readonly host?: string;
};

const served = new Set<ServedApp>();

afterAll(async () => {
  for (const app of served) await app.close(0);
});

/** The app behind a real Node server on a free port of the loopback interface. */
export async function serveApp(
  config: ResolvedConfig,
  tokens: readonly string[] = [TOKEN, CRON_SECRET],
  { limits, connectionLimits, host = '127.0.0.1' }: ServeAppOptions = {},
): Promise<ServedApp> {
  const lines: string[] = [];
  const said = new EventEmitter();
  const withTokens = { ...config, http: { host, port: 0, tokens: [...tokens] } };
  const log = loggerTo((line) => {
    lines.push(line);
    said.emit(messageOf(line));
  }, withTokens);
  const server = await startNodeServer({
    config: withTokens,
    platform: nodePlatform,
    log,
    limits,
    connectionLimits,
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`);
    return answered(await fetch(server.url + path, { ...init, headers }));
  };
  const app: ServedApp = {
    url: server.url,
    port: Number(new URL(server.url).port),
    log: () => lines.join(''),
    logged: async (message) => void (await once(said, message)),
    ask,
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    close: async (graceMs = 5_000) => {
      if (served.delete(app)) await server.close(graceMs);
    },
  };
  served.add(app);
  return app;
}

function loggerTo(write: (line: string) => void, config: ResolvedConfig): Logger {
  return createLogger({
    level: 'debug',
    format: 'json',
    write,
    redact: createRedact(config),
  });
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, text, json };
}

function messageOf(line: string): string {
  const { msg } = JSON.parse(line) as { msg: string };
  return msg;
}
