import type { Client } from 'pg';
import { WalhookError } from '../errors/walhook-error.ts';
import { isLoopback } from './tls-modes.ts';

/** How the server asked for the password. */
export type PasswordExchange = 'cleartext' | 'md5' | 'scram';

export type PasswordRules = {
  readonly encrypted: boolean;
  /** Whether the password itself may cross a network as it is. */
  readonly allowCleartext: boolean;
};

/**
 * Whoever answers chooses how the password is told: a server that says it has no TLS, and then asks
 * for the password itself, would be given it. So that one is refused before anything is sent, unless
 * the connection is encrypted or stays on this machine. Call it before the client connects; what it
 * returns tells afterwards what was asked for. The client is given database_auth_failed.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
export function guardPassword(
  client: Client,
  { encrypted, allowCleartext }: PasswordRules,
): () => PasswordExchange | null {
  const { connection } = client;
  let exchange: PasswordExchange | null = null;
  const note = (asked: PasswordExchange) => (): void => void (exchange = asked);
  connection.prependListener('authenticationMD5Password', note('md5'));
  connection.prependListener('authenticationSASL', note('scram'));
  const answers = connection.listeners('authenticationCleartextPassword');
  // The only ones that send it. A stream that was destroyed still takes what is written, on some platforms.
  connection.removeAllListeners('authenticationCleartextPassword');
  connection.on('authenticationCleartextPassword', (...message: unknown[]) => {
    exchange = 'cleartext';
    if (encrypted || allowCleartext || staysHere(client)) {
      for (const answer of answers) Reflect.apply(answer, connection, message);
    } else {
      connection.emit('error', new CleartextRefused());
      connection.stream.destroy();
    }
  });
  return () => exchange;
}

/** A refusal that another way to connect may do without. */
export class CleartextRefused extends WalhookError {
  constructor() {
    super(
      'database_auth_failed',
      'the server asks for the password in clear text, over a connection that is not encrypted: it was not sent',
      {
        remedy:
          'Set sslmode=verify-full in the database URL, or scram-sha-256 in the pg_hba.conf of the server. Where nobody can stand between, allowCleartextPassword sends it as it is.',
      },
    );
  }
}

/** By the name that was asked for, and the address that it led to, where the platform tells that. */
function staysHere({ host, connection }: Client): boolean {
  const address: unknown = Reflect.get(connection.stream, 'remoteAddress');
  return isLoopback(host) && (typeof address !== 'string' || isLoopbackAddress(address));
}

function isLoopbackAddress(address: string): boolean {
  return isLoopback(address.replace(/^::ffff:/i, ''));
}
