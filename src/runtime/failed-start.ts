import { ConfigError } from '../config/config-error.ts';
import { type Environment, readVariable } from '../config/environment-variables.ts';
import { mask, redactSecrets } from '../config/redact.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { createLogger, type LogFields } from '../observability/log.ts';

export type FailedStartOptions = {
  /** What the invocation was to be configured by. */
  readonly variables: Environment;
  /** Gets the line, its line break included. */
  readonly write: (line: string) => void;
  readonly bindings?: LogFields | undefined;
};

/**
 * Writes the one line that an invocation leaves in the log which could not even begin: what is wrong,
 * where, and what to do. The result is the error as it may be shown, to be thrown.
 */
export function failedStart(error: unknown, options: FailedStartOptions): WalhookError {
  const { variables, write, bindings } = options;
  const known = isWalhookError(error) ? error : strangersError(error, variables);
  const { code, message, detail, remedy } = known;
  const problems = known instanceof ConfigError ? known.problems : undefined;
  const log = createLogger({ level: 'error', format: 'json', write, redact, bindings });
  log.error('cannot start', { error: { code, message, detail, remedy, problems } });
  return known;
}

/** walhook's own errors mask what they show. */
function redact(text: string): string {
  return text;
}

/** Of a function that makes the configuration, say: nobody knows which of the variables are secrets. */
function strangersError(error: unknown, variables: Environment): WalhookError {
  const texts = Object.keys(variables).flatMap((name) => readVariable(variables, name) ?? []);
  const masked = redactSecrets(texts.flatMap((text) => [text, ...passwordsIn(text)]));
  return new WalhookError('internal', masked(String(error)), {
    remedy: `Correct what makes the configuration. The variables' values are shown as ${mask}.`,
  });
}

function passwordsIn(text: string): string[] {
  return URL.canParse(text) ? [new URL(text).password] : [];
}
