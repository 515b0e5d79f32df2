import type { Draft } from './draft.ts';
import { isLoopback } from './endpoint-url.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { isPlainObject } from './plain-object.ts';
import { NO_PROXY } from './proxy-option.ts';

/**
 * The proxy of each endpoint and webhook that has none of its own, by the variables that most programs
 * read: the one for the URL's scheme, in small letters before capitals.
 */
export function setProxiesFromEnvironment(draft: Draft, env: Environment): void {
  const excluded = readEither(env, 'no_proxy')?.text ?? '';
  for (const list of ['endpoints', 'alerts']) {
    const entries = draft.get([list]);
    if (!Array.isArray(entries)) continue;
    for (const [index, entry] of entries.entries())
      setProxy(draft, env, [list, index], entry, excluded);
  }
}

function setProxy(
  draft: Draft,
  env: Environment,
  path: readonly [string, number],
  entry: unknown,
  excluded: string,
): void {
  const url = isPlainObject(entry) ? addressIn(entry) : null;
  if (url === null) return;
  const given = draft.get([...path, 'proxy']);
  if (isLoopback(url.hostname)) {
    if (given === undefined || given === NO_PROXY) return;
    draft.warnings.push(`${path[0]}[${path[1]}].proxy is not used: its URL is on this machine.`);
    draft.set([...path, 'proxy'], NO_PROXY);
    return;
  }
  const proxy = readEither(env, url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  if (given !== undefined || proxy === undefined || isExcluded(url, excluded)) return;
  const address = proxy.text.includes('://') ? proxy.text : `http://${proxy.text}`;
  draft.set([...path, 'proxy'], address, proxy);
}

function addressIn({ type, url, apiUrl }: Record<string, unknown>): URL | null {
  const address = type === 'hook0' ? apiUrl : type === 'http' || type === 'webhook' ? url : null;
  return typeof address === 'string' && URL.canParse(address) ? new URL(address) : null;
}

function readEither(
  env: Environment,
  name: string,
): { variable: string; text: string } | undefined {
  for (const variable of [name, name.toUpperCase()]) {
    const text = readVariable(env, variable)?.trim();
    if (text !== undefined && text !== '') return { variable, text };
  }
  return undefined;
}

/**
 * `NO_PROXY`: names, which stand for all below them too, addresses, networks like 10.0.0.0/8, each
 * perhaps with a port; `*` is all.
 */
export function isExcluded({ hostname, port, protocol }: URL, excluded: string): boolean {
  const host = hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  const usedPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return excluded
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const withPort = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? /^([^:]+):(\d+)$/.exec(entry);
      const [, given = entry, entryPort] = withPort ?? [];
      if (entryPort !== undefined && entryPort !== usedPort) return false;
      const name = given.replace(/^\*?\./, '').replace(/\.$/, '');
      return host === name || host.endsWith(`.${name}`) || isInNetwork(host, name);
    });
}

function isInNetwork(host: string, network: string): boolean {
  const [base, bits] = network.split('/');
  const [address, first] = [numberOf(host), numberOf(base ?? '')];
  if (bits === undefined || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return false;
  if (address === null || first === null) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(first / size);
}

/** Of an IPv4 address. */
function numberOf(text: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
