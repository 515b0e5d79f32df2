import { databaseError, sqlState } from './failure.ts';
import { CleartextRefused } from './password-exchange.ts';
import type { Attempt } from './tls-modes.ts';

/** No entry of pg_hba.conf for this kind of connection is one of these. */
const INVALID_AUTHORIZATION = '28000';

/**
 * Whether the other way to connect may do what this one did not: the server has no TLS or its
 * handshake failed, pg_hba.conf wants the other kind, or the password would go over this one in the
 * clear. A wrong password is wrong both ways.
 */
export function mayHelpOtherwise(error: unknown, attempt: Attempt): boolean {
  if (sqlState(error) === INVALID_AUTHORIZATION || error instanceof CleartextRefused) return true;
  return attempt !== null && databaseError(error).code === 'database_tls_failed';
}
