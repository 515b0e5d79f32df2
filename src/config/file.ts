import { lstat } from 'node:fs/promises';
import { basename, extname, isAbsolute, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { defineConfig, env } from './define.ts';
import type { Environment } from './environment-variables.ts';
import { evaluated, FailedEvaluation } from './evaluated.ts';
import { assertFile, readTextFile, UnreadableFile } from './text-file.ts';

type Reader = (file: string, variables: Environment) => Promise<unknown>;

const readers: Readonly<Record<string, Reader>> = {
  '.ts': readModule,
  '.js': readModule,
  '.mjs': readModule,
  '.json': readJson,
  '.yaml': readYaml,
  '.yml': readYaml,
};

const extensions = Object.keys(readers);

const names = extensions.map((extension) => `walhook.config${extension}`);

/**
 * The named file, or the one `walhook.config.*` of the directory; null where there is none. Throws
 * ConfigError where the named one cannot be read, or where there are several to choose from.
 */
export async function findConfigFile(cwd: string | null, file?: string): Promise<string | null> {
  if (file !== undefined && (cwd !== null || isAbsolute(file))) {
    return existing(resolve(cwd ?? '/', file));
  }
  const directory = cwd ?? 'the working directory';
  const exists = cwd !== null && (await isThere(cwd, directory));
  if (!exists) throw fault(directory, 'a working directory that is gone', DIRECTORY_WANTS);
  const found: string[] = [];
  for (const name of names) if (await isThere(resolve(cwd, name), cwd)) found.push(name);
  if (found.length > 1)
    throw fault(cwd, found.sort().join(' and '), 'one of them, or --config FILE');
  return found[0] === undefined ? null : existing(resolve(cwd, found[0]));
}

const DIRECTORY_WANTS = 'one that can be read, or --config FILE with the whole path';

async function isThere(file: string, directory: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    const got = `a working directory that cannot be read (${code})`;
    throw fault(directory, got, DIRECTORY_WANTS);
  }
}

/** What a configuration file says, references to variables still in it. Throws ConfigError. */
export async function readConfigFile(file: string, variables: Environment = {}): Promise<unknown> {
  const read = readers[extname(file)];
  if (read === undefined) {
    throw fault(file, `a ${extname(file) || 'file without an extension'}`, extensions.join(', '));
  }
  try {
    return await read(file, variables);
  } catch (error) {
    if (error instanceof UnreadableFile) throw fault(file, error.message, FILE_WANTS);
    if (!(error instanceof FailedEvaluation)) throw error;
    throw fault(file, error.message, 'a module that can be loaded', error.cause);
  }
}

const FILE_WANTS = 'a configuration file that can be read';

async function existing(file: string): Promise<string> {
  try {
    await assertFile(file);
    return file;
  } catch (error) {
    if (error instanceof UnreadableFile) throw fault(file, error.message, FILE_WANTS, error);
    throw error;
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readTextFile(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    // Without its cause, here and below: the parsers quote the text, and it may hold a secret.
    throw fault(file, `a syntax error${jsonPlace(text, messageOf(error))}`, 'JSON');
  }
}

/** The engine names a character; a person looks for a line. */
function jsonPlace(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const before = position === undefined ? text : text.slice(0, Number(position));
  const lines = before.split('\n');
  return ` in line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

async function readYaml(file: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const text = await readTextFile(file);
  const document = parsed(file, () => parseDocument(text));
  const error = document.errors[0] ?? document.warnings[0];
  if (error === undefined) return parsed(file, () => document.toJS());
  const place = error.linePos?.[0];
  const where = place === undefined ? '' : ` in line ${place.line}, column ${place.col}`;
  throw fault(file, `a syntax error${where}`, `YAML (${error.code})`);
}

/** Its parser sinks into what is deep, and gives up aliases that unfold to more and more. */
function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const what =
      error instanceof RangeError ? 'groups that are too deep' : 'aliases that unfold to too much';
    throw fault(file, what, 'YAML of a moderate size');
  }
}

/**
 * TypeScript or JavaScript. `import … from 'walhook'` is answered by this very module, so that a
 * file works beside a walhook that is not installed next to it (npx, a global install).
 */
async function readModule(file: string, variables: Environment): Promise<unknown> {
  // Also so that a module is text.
  await readTextFile(file);
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { walhook: { defineConfig, env } },
  });
  const module = await evaluated(file, variables, async () => {
    const loaded = await jiti.import<unknown>(file);
    const hasDefault = typeof loaded === 'object' && loaded !== null && 'default' in loaded;
    // A promise is waited for as well.
    return hasDefault ? { value: await loaded.default } : null;
  });
  if (module !== null) return module.value;
  throw fault(file, 'no default export', 'export default defineConfig({ … })');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fault(file: string, got: string, wants: string, cause?: unknown): ConfigError {
  return new ConfigError([{ path: basename(file), got, wants }], file, cause);
}
