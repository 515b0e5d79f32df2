import { Client } from 'pg';
import { requireChannelBinding } from './channel-binding.ts';
import { withoutTlsParameters } from './connection-url.ts';
import { databaseError } from './failure.ts';
import { noteSecurity } from './connection-security.ts';
import type { Connection } from './open-connection.ts';
import { beginSession } from './own-session.ts';
import { guardPassword } from './password-exchange.ts';
import { type Attempt, connectionAttempts, type TlsOptions } from './tls-modes.ts';
import { mayHelpOtherwise } from './tls-fallback.ts';

export type ConnectionOptions = {
  readonly url: string;
  /** Over what the URL says of TLS, which is not looked at. */
  readonly tls?: TlsOptions | undefined;
  /** Whether the password may cross a network unencrypted, where the server asks for that. */
  readonly allowCleartextPassword?: boolean | undefined;
  readonly connectTimeoutMs: number;
  /** As pg_stat_activity shows it. */
  readonly applicationName: string;
  /** The server ends a statement that takes longer; 0: never. */
  readonly statementTimeoutMs?: number | undefined;
  /** The server ends a statement that waits longer for a lock; 0: never. */
  readonly lockTimeoutMs?: number | undefined;
  /** How long a connection is silent before TCP asks whether the server is still there. */
  readonly keepAliveMs?: number | undefined;
};

/** Throws WalhookError: database_unreachable, database_auth_failed, database_missing, … */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const until = performance.now() + options.connectTimeoutMs;
  const attempts = connectionAttempts(options.tls ?? {}, hostOf(options.url));
  for (const [index, attempt] of attempts.entries()) {
    try {
      const timeoutMs = Math.max(1, Math.ceil(until - performance.now()));
      return await connectOnce(options, attempt, timeoutMs);
    } catch (error) {
      const isLast = index === attempts.length - 1;
      if (isLast || !mayHelpOtherwise(error, attempt)) throw databaseError(error);
    }
  }
  throw new TypeError('a mode has one way to connect at least');
}

async function connectOnce(
  options: ConnectionOptions,
  attempt: Attempt,
  timeoutMs: number,
): Promise<Connection> {
  const { url, tls, applicationName, statementTimeoutMs, lockTimeoutMs, keepAliveMs } = options;
  const { channelBinding: binding = 'disable' } = tls ?? {};
  const client = new Client({
    connectionString: withoutTlsParameters(url),
    connectionTimeoutMillis: timeoutMs,
    application_name: applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    ssl: attempt === null ? false : { ...attempt.socket },
    sslnegotiation: attempt?.negotiation ?? 'postgres',
    enableChannelBinding: attempt !== null && binding !== 'disable',
  });
  const passwordExchange = guardPassword(client, {
    encrypted: attempt !== null,
    allowCleartext: options.allowCleartextPassword === true,
  });
  const assertBound = binding === 'require' ? requireChannelBinding(client) : null;
  // A connection that dies between two queries says so here; the next query says it again.
  client.on('error', () => undefined);
  try {
    const began = performance.now();
    await client.connect();
    assertBound?.();
    noteSecurity(client, attempt, passwordExchange());
    await beginSession(client, { statementTimeoutMs, lockTimeoutMs, began });
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** As the driver reads it: `?host=` and PGHOST as well, and nothing that only looks like it. */
function hostOf(url: string): string {
  return new Client({ connectionString: withoutTlsParameters(url) }).host;
}

/** Ends it without waiting for a server that may not answer. */
export async function disconnect(connection: Connection): Promise<void> {
  await connection.end().catch(() => undefined);
}

export type { Connection } from './open-connection.ts';
export { query } from './statements.ts';
