import type { TextFault } from './option-notes.ts';

export const postgresUrlWants = 'a URL like postgres://user:password@host:5432/database';

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/**
 * A connection URI as libpq takes it, also with its host left out (a Unix socket, in `?host=`) or
 * percent-encoded. Other than libpq, the database has to be named: the user's name as a default
 * would connect a slot to a database that nobody chose.
 */
export const postgresUrlFault: TextFault = (text) => {
  const url = parsePostgresUrl(text);
  if (url === null) return postgresUrlWants;
  if (url.pathname.length < 2) return `${postgresUrlWants}: this one names no database`;
  if (url.hash !== '') {
    return `${postgresUrlWants}: a # in the password has to be written as %23`;
  }
  if (!isPercentEncoded(url.username + url.password + url.pathname)) {
    return `${postgresUrlWants}: a % in it has to be written as %25`;
  }
  const sslMode = url.searchParams.get('sslmode');
  if (sslMode !== null && !sslModes.includes(sslMode)) {
    return `${postgresUrlWants}: sslmode is one of ${sslModes.join(', ')}`;
  }
  return null;
};

/** null where it is not a postgres:// or postgresql:// URL. */
function parsePostgresUrl(text: string): URL | null {
  if (!/^postgres(ql)?:\/\//.test(text)) return null;
  // WHATWG URLs cannot have a user without a host; a Unix socket's URL has just that.
  const withHost = text.replace(/^([^/]+:\/\/(?:[^/@]*@)?)(?=\/|\?|$)/, '$1localhost');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
