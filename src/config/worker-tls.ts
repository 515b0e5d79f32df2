import type { Problem } from './config-error.ts';
import { postgresHost } from './postgres-url.ts';
import type { ResolvedConfig } from './schema.ts';

type Tls = ResolvedConfig['database']['tls'];

/** The server of whoever tries the worker out. */
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The platform makes the handshake: it always checks the certificate, by the public authorities. A
 * server without such a one would be spoken to without TLS, were that not asked for by name.
 */
export function withWorkerTls<T extends { readonly url?: string | undefined; readonly tls?: Tls }>(
  at: T,
): T {
  const isLocal = at.url === undefined || LOCAL.has(postgresHost(at.url));
  if (isLocal || at.tls?.mode !== undefined) return at;
  return { ...at, tls: { ...at.tls, mode: 'verify-full' } };
}

/** What of a database's TLS no worker can do. */
export function unsupportedTls(database: string, tls: Tls = {}): Problem[] {
  const problem = (option: keyof typeof tls, got: string, wants: string): Problem => ({
    path: `${database}.tls.${option}`,
    got,
    wants: `${wants}: a worker checks certificates by the public authorities (Hyperdrive takes others)`,
  });
  const { mode, ca, negotiation, channelBinding } = tls;
  const problems = (['cert', 'key', 'keyPassword', 'serverName'] as const)
    .filter((option) => tls[option] !== undefined)
    .map((option) => problem(option, 'a value', 'nothing'));
  if (ca !== undefined && ca !== 'system') problems.push(problem('ca', 'certificates', 'nothing'));
  if (mode === 'no-verify' || mode === 'verify-ca') {
    problems.push(problem('mode', `"${mode}"`, 'verify-full'));
  }
  if (channelBinding !== undefined && channelBinding !== 'disable') {
    problems.push(problem('channelBinding', `"${channelBinding}"`, 'disable'));
  }
  if (negotiation === 'direct') problems.push(problem('negotiation', '"direct"', 'postgres'));
  return problems;
}
