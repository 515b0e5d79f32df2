import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { defineConfig, env } from './define.ts';

type Reader = (file: string) => Promise<unknown>;

const readers: Readonly<Record<string, Reader>> = {
  '.ts': readModule,
  '.js': readModule,
  '.mjs': readModule,
  '.json': readJson,
  '.yaml': readYaml,
  '.yml': readYaml,
};

const extensions = Object.keys(readers);

/**
 * The named file, or the one `walhook.config.*` of the directory; null where there is none. Throws
 * ConfigError where the named one is not there, or where there are several to choose from.
 */
export async function findConfigFile(cwd: string, file?: string): Promise<string | null> {
  if (file !== undefined) return existing(resolve(cwd, file));
  const names = await readdir(cwd);
  const found = names.filter((name) => extensions.some((ext) => name === `walhook.config${ext}`));
  if (found.length > 1)
    throw fault(cwd, found.sort().join(' and '), 'one of them, or --config FILE');
  return found[0] === undefined ? null : resolve(cwd, found[0]);
}

/** What a configuration file says, references to variables still in it. Throws ConfigError. */
export async function readConfigFile(file: string): Promise<unknown> {
  const read = readers[extname(file)];
  if (read === undefined) {
    throw fault(file, `a ${extname(file) || 'file without an extension'}`, extensions.join(', '));
  }
  return read(file);
}

async function existing(file: string): Promise<string> {
  try {
    if ((await stat(file)).isFile()) return file;
  } catch (error) {
    throw fault(file, 'no such file', 'a configuration file that can be read', error);
  }
  throw fault(file, 'a directory', 'a configuration file');
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
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
  const document = parseDocument(await readFile(file, 'utf8'));
  const error = document.errors[0] ?? document.warnings[0];
  if (error === undefined) return document.toJS();
  const place = error.linePos?.[0];
  const where = place === undefined ? '' : ` in line ${place.line}, column ${place.col}`;
  throw fault(file, `a syntax error${where}`, `YAML (${error.code})`);
}

/**
 * TypeScript or JavaScript. `import … from 'walhook'` is answered by this very module, so that a
 * file works beside a walhook that is not installed next to it (npx, a global install).
 */
async function readModule(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { walhook: { defineConfig, env } },
  });
  const module = await evaluated(file, () => jiti.import<unknown>(file));
  if (typeof module === 'object' && module !== null && 'default' in module) return module.default;
  throw fault(file, 'no default export', 'export default defineConfig({ … })');
}

async function evaluated<T>(file: string, evaluate: () => Promise<T>): Promise<T> {
  try {
    return await evaluate();
  } catch (error) {
    const kind = /(Syntax|Parse)Error/.test(String(error))
      ? 'a syntax error'
      : 'an error while it ran';
    throw fault(
      file,
      `${kind}: ${messageOf(error).replaceAll(/\s+/g, ' ')}`,
      'a module that can be loaded',
      error,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fault(file: string, got: string, wants: string, cause?: unknown): ConfigError {
  return new ConfigError([{ path: basename(file), got, wants }], file, cause);
}
