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
 * Of libpq's parameters, those that would choose another server, or trust fewer of them, and that the
 * driver knows nothing of.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
const unsupportedParameters = new Set([
  'gssencmode',
  'hostaddr',
  'load_balance_hosts',
  'passfile',
  'require_auth',
  'requirepeer',
  'requiressl',
  'service',
  'target_session_attrs',
]);

/** Which ask for what is done anyway. */
const harmlessValues: Readonly<Record<string, readonly string[]>> = {
  gssencmode: ['disable', 'prefer'],
  load_balance_hosts: ['disable'],
  target_session_attrs: ['any'],
};

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
  const unsupported = [...url.searchParams].find(isUnsupported);
  if (unsupported !== undefined) {
    return `${postgresUrlWants}: ${unsupported.join('=')} is nothing that walhook can do`;
  }
  return null;
};

/** Of the state tables, where they are elsewhere: connecting takes as long there as anywhere. */
export const stateUrlFault: TextFault = (text) => {
  if (urlParameters(text).has('connect_timeout')) {
    return `${postgresUrlWants}: connect_timeout has its place in database.url, and holds for both`;
  }
  return postgresUrlFault(text);
};

/** Also of a text that is no such URL. */
export function urlParameters(text: string): URLSearchParams {
  const start = text.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : text.slice(start + 1).replace(/#.*$/, ''));
}

/** The host that the driver connects to; empty where the URL names none. */
export function postgresHost(text: string): string {
  const inQuery = parsePostgresUrl(text)?.searchParams.get('host') ?? '';
  if (inQuery !== '') return inQuery;
  // Without the one that parsing puts where there is none.
  return URL.canParse(text) ? decodeURIComponent(new URL(text).hostname) : '';
}

/** null where it is not a postgres:// or postgresql:// URL. */
function parsePostgresUrl(text: string): URL | null {
  if (!/^postgres(ql)?:\/\//.test(text)) return null;
  // WHATWG URLs cannot have a user without a host; a Unix socket's URL has just that.
  const withHost = text.replace(/^([^/]+:\/\/(?:[^/@]*@)?)(?=\/|\?|$)/, '$1localhost');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}

function isUnsupported([name, value]: readonly [string, string]): boolean {
  return unsupportedParameters.has(name) && !harmlessValues[name]?.includes(value);
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
