import { isSecretHeader } from './http-headers.ts';
import { findOption } from './option-tree.ts';

/** What a secret is replaced by. */
export const mask = '***';

/** Shorter secrets are not looked for: masking every `a` would leave nothing to read. */
const shortestSecret = 4;

export type Redact = (text: string) => string;

/**
 * Masks every secret of a configuration, valid or not, wherever it stands in a text: as it is,
 * percent-encoded, or inside JSON, however deep. `extra`: secrets that no configuration holds.
 */
export function createRedact(config: unknown, extra: Iterable<string> = []): Redact {
  const secrets = new Set(extra);
  collectSecrets(config, [], secrets);
  return redactSecrets(secrets);
}

const known = new WeakMap<object, Redact>();

/** What masks a configuration's secrets, compiled once: a pattern of all of them takes its time. */
export function redactOf(config: object): Redact {
  const redact = known.get(config) ?? createRedact(config);
  known.set(config, redact);
  return redact;
}

export function redactSecrets(secrets: Iterable<string>): Redact {
  // Longest first: of two secrets that start alike, the shorter would leave the longer one's tail.
  const patterns = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((a, b) => b.length - a.length)
    .map(anyEncoding);
  if (patterns.length === 0) return (text) => text;
  const pattern = new RegExp(patterns.join('|'), 'g');
  return (text) => {
    let redacted = text;
    for (;;) {
      // Once more until nothing is found: a mask beside what is left may read as another secret.
      const next = redacted.replace(pattern, mask);
      if (next === redacted) return redacted;
      redacted = next;
    }
  };
}

/** A URL as it may be shown: no password, no value of a query parameter that sounds secret. */
export function maskUrl(url: string): string {
  return url
    .replace(passwordInUrl, `$1${mask}@`)
    .replace(/^(https?:\/\/)[^/?#@]*@/i, `$1${mask}@`)
    .replace(secretInQuery, `$1${mask}`);
}

// Up to the last @: a password that should have been percent-encoded is still a password.
const passwordInUrl = /^([a-z][a-z0-9+.-]*:\/\/[^:/?#@]*:)(.*)@/is;
const secretInQuery =
  /([?&][^=&#]*(?:auth|code|credential|key|pass|pwd|secret|sig|token)[^=&#]*=)([^&#]*)/gi;

function collectSecrets(value: unknown, path: readonly PropertyKey[], into: Set<string>): void {
  if (typeof value === 'string') {
    for (const secret of secretsIn(value, path)) into.add(secret);
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) collectSecrets(element, [...path, index], into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, entry] of Object.entries(value)) collectSecrets(entry, [...path, name], into);
    if ('username' in value && 'password' in value) {
      into.add(base64(`${String(value.username)}:${String(value.password)}`));
    }
  }
}

function secretsIn(value: string, path: readonly PropertyKey[]): string[] {
  const secrecy = findOption(path)?.note?.secret;
  const isHeader = path.at(-2) === 'headers';
  if (secrecy === 'url') return urlSecrets(value);
  if (isHeader ? isSecretHeader(String(path.at(-1))) : secrecy === 'whole') {
    // Who reports a bad credential may leave its scheme out: `Bearer `, `whsec_`.
    return [value, value.replace(/^whsec_/, ''), value.replace(/^\S+\s+/, '')];
  }
  return [];
}

function urlSecrets(url: string): string[] {
  const raw = [passwordInUrl.exec(url)?.[2], ...[...url.matchAll(secretInQuery)].map((m) => m[2])];
  const userinfo = /^https?:\/\/([^/?#@]*)@/i.exec(url)?.[1];
  const found = [...raw, userinfo].filter((secret) => secret !== undefined);
  if (URL.canParse(url)) found.push(new URL(url).password);
  // As a proxy is sent them.
  if (userinfo !== undefined) found.push(base64(percentDecoded(userinfo)));
  return found.flatMap((secret) => [secret, percentDecoded(secret)]);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

/**
 * Matches a text with any of its characters written plainly, percent-encoded or escaped in JSON.
 * Repetitions are bounded, and backslashes taken by the run: who chooses what is logged should not
 * be able to choose how long that takes.
 */
function anyEncoding(text: string): string {
  return Array.from(text.match(/\\+|[^\\]/gsu) ?? [], (part) =>
    part.startsWith('\\') ? anyBackslashes(part.length) : anyForm(part),
  ).join('');
}

function anyForm(character: string): string {
  const forms = [quoted(character), percentEncoded(character), unicodeEscaped(character)];
  const short = shortEscapes[character];
  if (short !== undefined) forms.push(short);
  return `(?:${forms.join('|')})`;
}

/** JSON within JSON doubles the backslashes: four levels deep, one of them is sixteen. */
function anyBackslashes(count: number): string {
  return `(?:\\\\|${percentEncoded('\\')}){${count},${count * 16}}`;
}

const backslashes = String.raw`\\{1,15}`;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': `${backslashes}"`,
  '/': `${backslashes}/`,
  '\b': `${backslashes}b`,
  '\f': `${backslashes}f`,
  '\n': `${backslashes}n`,
  '\r': `${backslashes}r`,
  '\t': `${backslashes}t`,
  ' ': String.raw`\+`,
};

function quoted(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}

function percentEncoded(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((byte) => `%(?:25){0,3}${anyCase(byte.toString(16).padStart(2, '0'))}`)
    .join('');
}

function unicodeEscaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) =>
      `${backslashes}u` + anyCase(character.charCodeAt(index).toString(16).padStart(4, '0')),
  ).join('');
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
