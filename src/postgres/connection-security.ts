import type { Client } from 'pg';
import type { PasswordExchange } from './password-exchange.ts';
import { type Attempt, isLoopback, type Verification } from './tls-modes.ts';

/** What protects a connection up to its next hop, which may be a pooler. */
export type ConnectionSecurity = {
  /** To this machine itself: loopback or a Unix socket. */
  readonly isLocal: boolean;
  readonly tls: {
    /** `TLSv1.3`; null where the platform does not tell. */
    readonly protocol: string | null;
    readonly cipher: string | null;
    /** What was required of the certificate, not what happened to be right. */
    readonly verified: Verification;
  } | null;
  /** How the password was told; null: none was asked for. */
  readonly password: PasswordExchange | null;
};

const noted = new WeakMap<object, ConnectionSecurity>();

export function noteSecurity(
  connection: Client,
  attempt: Attempt,
  password: PasswordExchange | null,
): void {
  const isLocal = isLoopback(connection.host);
  const tls =
    attempt === null
      ? null
      : { ...describeSocket(connection.connection.stream), verified: attempt.verifies };
  noted.set(connection, { isLocal, tls, password });
}

export function connectionSecurity(connection: object): ConnectionSecurity {
  const security = noted.get(connection);
  if (security === undefined) throw new TypeError('the connection was not made by connect()');
  return security;
}

/** A worker's socket is not Node's, and does not tell. */
function describeSocket(socket: object): { protocol: string | null; cipher: string | null } {
  const protocol: unknown = tell(socket, 'getProtocol');
  const cipher: unknown = tell(socket, 'getCipher');
  return {
    protocol: typeof protocol === 'string' ? protocol : null,
    cipher:
      typeof cipher === 'object' &&
      cipher !== null &&
      'name' in cipher &&
      typeof cipher.name === 'string'
        ? cipher.name
        : null,
  };
}

function tell(socket: object, method: 'getProtocol' | 'getCipher'): unknown {
  const ask: unknown = Reflect.get(socket, method);
  return typeof ask === 'function' ? Reflect.apply(ask, socket, []) : null;
}
