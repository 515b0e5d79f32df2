import { mask, maskUrl, redactSecrets } from './redact.ts';

/** What a shell or a platform sets for everybody: paths and names that an error may well name. */
const PLAIN_VARIABLE =
  /^(PATH|HOME|PWD|OLDPWD|SHELL|USER|LOGNAME|LANG|LC_\w+|TERM|TMPDIR|TMP|TEMP|SHLVL|HOSTNAME|EDITOR|NODE_ENV|NODE_PATH|NODE_OPTIONS|npm_\w+|_)$/;

/**
 * What an error says that code of the operator's threw while nobody knew which texts are secrets: the
 * values of all variables are masked, and what reads like a password in a URL.
 */
export function strangersMessage(
  error: unknown,
  variables: Readonly<Record<string, unknown>>,
): string {
  const texts = Object.entries(variables).flatMap(([name, value]) =>
    typeof value === 'string' && !PLAIN_VARIABLE.test(name) ? [value, ...partsOf(value)] : [],
  );
  const masked = redactSecrets(texts)(messageOf(error));
  return masked.replaceAll(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, (url) =>
    url.includes(mask) ? url : maskUrl(url),
  );
}

/** An error may quote a part: the password of a URL, a value of a list or of JSON. */
function partsOf(text: string): string[] {
  const password = URL.canParse(text) ? decoded(new URL(text).password) : [];
  const words = text.split(/[\s,;"'=]+/).filter((word) => word.length >= 8 && word !== text);
  return [...password, ...words];
}

function decoded(password: string): string[] {
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** Anything can be thrown, also what has no text. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return 'something that has no text';
  }
}
