import { type Check, type Finding, ok, warning } from './check.ts';
import type { SessionFacts } from '../source-database.ts';

/** Who could learn the database's password on its way, or pass for the server that asks for it. */
export const passwordChecks: readonly Check[] = [
  {
    name: 'password',
    look: async ({ database }) => passwordFinding(await database.readSession()),
  },
];

const REMEDY =
  'Set sslmode=verify-full in the database URL, and scram-sha-256 in the pg_hba.conf of the server.';

export function passwordFinding({ isLocal, tls, password }: SessionFacts): Finding {
  const isProved = isLocal || (tls !== null && tls.verified !== 'none');
  switch (password) {
    case null:
      return ok('the server asks for none');
    case 'scram':
      return ok('SCRAM: it is proved, and not sent');
    case 'md5':
      if (isProved) return ok('md5: a digest of it is sent');
      return warning(
        'md5: a digest of it is sent, of which it can be found out by trying, by whoever stands between',
        `${REMEDY} Set the password again under password_encryption = 'scram-sha-256'.`,
      );
    case 'cleartext':
      if (isProved) return ok('it is sent as it is, to a server that is known');
      return warning(
        tls === null
          ? 'it crosses the network as it is, in clear text'
          : 'it is sent as it is, to whatever server answers: the certificate is not checked',
        REMEDY,
      );
  }
}
