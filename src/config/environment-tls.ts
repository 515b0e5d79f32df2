import type { Draft } from './draft.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import type { OptionPath } from './option-tree.ts';
import { urlParameters } from './postgres-url.ts';

/** An option of `tls`, the URL's parameter for it, and libpq's variable. */
const SOURCES = [
  { option: 'mode', parameter: 'sslmode', variable: 'PGSSLMODE' },
  { option: 'ca', parameter: 'sslrootcert', variable: 'PGSSLROOTCERT' },
  { option: 'cert', parameter: 'sslcert', variable: 'PGSSLCERT' },
  { option: 'key', parameter: 'sslkey', variable: 'PGSSLKEY' },
  { option: 'keyPassword', parameter: 'sslpassword', variable: null },
  { option: 'negotiation', parameter: 'sslnegotiation', variable: 'PGSSLNEGOTIATION' },
  { option: 'channelBinding', parameter: 'channel_binding', variable: 'PGCHANNELBINDING' },
] as const;

/** The drained database, and the one of the state tables where that is another. */
const DATABASES = ['database', 'state'] as const;

/**
 * What the URLs and libpq's variables say of TLS, into `tls`, which comes before both. Last, when the
 * URLs are known.
 */
export function setTlsFromEnvironment(draft: Draft, env: Environment): void {
  setIfFree(draft, ['database', 'tls', 'ca'], env, 'DATABASE_CA');
  for (const database of DATABASES) {
    const url = draft.get([database, 'url']);
    if (typeof url !== 'string') continue;
    const parameters = urlParameters(url);
    for (const { option, parameter, variable } of SOURCES) {
      const path = [database, 'tls', option];
      const said = parameters.get(parameter) ?? (option === 'mode' ? modeOfSsl(parameters) : null);
      if (said !== null && said !== '' && draft.get(path) === undefined) {
        draft.set(path, said, {
          ...draft.originOf([database, 'url']),
          text: said,
          variable: parameter,
        });
      } else if (variable !== null) {
        setIfFree(draft, path, env, variable);
      }
    }
  }
}

function setIfFree(draft: Draft, path: OptionPath, env: Environment, variable: string): void {
  const text = readVariable(env, variable);
  if (text === undefined || draft.get(path) !== undefined) return;
  draft.set(path, text, { variable, text });
}

/** `?ssl=` is what JDBC and node-postgres have in place of sslmode. */
function modeOfSsl(parameters: URLSearchParams): string | null {
  const ssl = parameters.get('ssl');
  if (ssl === 'true' || ssl === '1') return 'require';
  if (ssl === 'false' || ssl === '0') return 'disable';
  return ssl;
}
