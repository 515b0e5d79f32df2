import type { TextFault } from './option-notes.ts';

export const postgresUrlWants = 'a URL like postgres://user:password@host:5432/database';

/** Their values are checked where they are options. */
const tlsParameters = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'sslnegotiation',
  'ssl',
];

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
  const unknown = [...url.searchParams.keys()].find(isUnknownTlsParameter);
  if (unknown !== undefined) {
    return `${postgresUrlWants}: of TLS it may say ${tlsParameters.join(', ')}, not ${unknown}`;
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

/** One that is passed over, such as sslcrl, was meant to make the connection safer. */
function isUnknownTlsParameter(name: string): boolean {
  return name.startsWith('ssl') && !tlsParameters.includes(name);
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
