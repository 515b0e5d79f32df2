import type { Client } from 'pg';
import { WalhookError } from '../errors/walhook-error.ts';

const MECHANISM = 'SCRAM-SHA-256-PLUS';

/**
 * The driver binds to the channel where the server offers that, and does without where it does not.
 * This makes it a must: nothing that a password could be learnt from leaves towards a server that
 * offers none. Call it before the client connects, and the result when it has: that throws where the
 * server asked for no password at all. Both errors are database_auth_failed.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CHANNEL-BINDING
 */
export function requireChannelBinding({ connection }: Client): () => void {
  let isOffered = false;
  let isBound = false;
  // What is written to a destroyed stream is not sent, and the client's own listeners come next.
  const refuse = (): void => void connection.stream.destroy(unbound());
  connection.prependListener('authenticationCleartextPassword', refuse);
  connection.prependListener('authenticationMD5Password', refuse);
  connection.prependListener('authenticationSASL', (message: { mechanisms: readonly string[] }) => {
    isOffered = message.mechanisms.includes(MECHANISM);
    if (!isOffered) refuse();
  });
  connection.on('authenticationSASLFinal', () => {
    isBound = isOffered;
  });
  return () => {
    if (!isBound) throw unbound();
  };
}

function unbound(): WalhookError {
  return new WalhookError(
    'database_auth_failed',
    'channel binding is required, and the server does not offer it over this connection',
    {
      remedy:
        'Connect to the server itself, with TLS and a SCRAM password: poolers hardly know it. Or let channel_binding be prefer.',
    },
  );
}
