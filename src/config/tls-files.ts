import { ConfigError, type Problem } from './config-error.ts';
import type { ParsedConfig } from './parse.ts';
import type { ResolvedConfig } from './schema.ts';
import { readTextFile } from './text-file.ts';

type Tls = NonNullable<ResolvedConfig['database']['tls']>;

const FILES = ['ca', 'cert', 'key'] as const;

/**
 * The configuration with the text of its certificates and keys in place of the names of their files.
 * Throws ConfigError for those that cannot be read, all at once.
 */
export async function withTlsFiles<T extends ParsedConfig>(parsed: T, source?: string): Promise<T> {
  const problems: Problem[] = [];
  const { database, state } = parsed.config;
  const tls = await read(database.tls, 'database.tls', problems);
  const stateTls = await read(state.tls, 'state.tls', problems);
  if (problems.length > 0) throw new ConfigError(problems, source);
  const config = {
    ...parsed.config,
    database: { ...database, ...(tls === undefined ? {} : { tls }) },
    state: { ...state, ...(stateTls === undefined ? {} : { tls: stateTls }) },
  };
  return { ...parsed, config };
}

async function read(
  tls: Tls | undefined,
  path: string,
  problems: Problem[],
): Promise<Tls | undefined> {
  if (tls === undefined) return undefined;
  const texts: Partial<Record<(typeof FILES)[number], string>> = {};
  for (const option of FILES) {
    const given = tls[option];
    if (given === undefined || given === 'system') continue;
    // Where a variable cannot hold line breaks, they come as \n.
    if (isPem(given)) texts[option] = given.replaceAll(String.raw`\n`, '\n');
    else texts[option] = await textOf(given, `${path}.${option}`, problems);
  }
  return { ...tls, ...texts };
}

async function textOf(file: string, path: string, problems: Problem[]): Promise<string> {
  const text = await readTextFile(file).catch((error: unknown) => {
    problems.push({ path, got: gotOf(error, file), wants: WANTS });
    return null;
  });
  if (text !== null && !isPem(text)) {
    problems.push({ path, got: `a file of something else (${file})`, wants: WANTS });
  }
  return text ?? '';
}

function gotOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `a file that cannot be read (${file})`;
  const { cause, message } = error;
  return cause instanceof Error && 'code' in cause
    ? `a file that cannot be read (${file}: ${String(cause.code)})`
    : `${message} (${file})`;
}

const WANTS = 'PEM, or a path to a file of it';

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}
