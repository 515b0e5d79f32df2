import { InvalidArgumentError, Option } from 'commander';
import { deadLetterId } from '../../operations/dead-letter-selection.ts';
import { durationMs } from '../../quantities/duration.ts';

// Options that can be given on the command line or by an environment variable of the same name.

/** `--all-tables` is WALHOOK_ALL_TABLES. */
export function variableOf(given: Option): string {
  return `WALHOOK_${given.attributeName().replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
}

export function option<T>(flags: string, description: string, parse?: (text: string) => T): Option {
  const made = new Option(flags, description);
  made.description = `${description} [${variableOf(made)}]`;
  return parse === undefined ? made : made.argParser(parse);
}

export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
): Option {
  const made = option(flags, `${description}: ${choices.join(', ')}`);
  return made.argParser((text) => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`It has to be one of ${choices.join(', ')}.`);
  });
}

/** Milliseconds of `500ms`, `25s`, `1.5m` or `1h`. */
export function parseDuration(text: string): number {
  const ms = durationMs(text.trim());
  if (ms !== null && ms >= 1) return ms;
  throw new InvalidArgumentError('It has to be a time with its unit, like 500ms, 25s, 2m or 1h.');
}

export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('It has to be a whole number from 1.');
}

export function parseId(text: string): bigint {
  const id = deadLetterId(text);
  if (id !== null) return id;
  throw new InvalidArgumentError('It has to be an id: a whole number from 1.');
}

export function parseList(text: string): readonly string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.every((entry) => entry !== '')) return entries;
  throw new InvalidArgumentError('It has to be names, separated by commas.');
}
