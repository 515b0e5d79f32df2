import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ended, startWalhookInShell } from '../cli/walhook.ts';
import { secret } from '../support/secrets.ts';
import { problemsOf } from './problems-of.ts';

const PASSWORD = secret('thrown');
const env = { DATABASE_URL: `postgres://u:${PASSWORD}@h/shop`, API_KEY: secret('api') };
let cwd: string;
const makePipe = (file: string) => execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', file]);
const write = (name: string, text: string | Uint8Array) => writeFile(join(cwd, name), text);
const problemsIn = (file: string) => problemsOf(() => loadConfig({ env, cwd, file }));

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'walhook-unfit-'));
});

afterAll(() => rm(cwd, { recursive: true }));

describe('what is no file of a moderate size in UTF-8 is not read', () => {
  test.each([
    ['a directory', async () => mkdir(join(cwd, 'folder.json')), 'folder.json', 'a directory'],
    ['a pipe', async () => makePipe(join(cwd, 'pipe.yaml')), 'pipe.yaml', 'a named pipe'],
    ['a device', async () => symlink('/dev/zero', join(cwd, 'zero.json')), 'zero.json', 'a device'],
    [
      'one that breaks',
      async () => symlink('/proc/self/mem', join(cwd, 'm.json')),
      'm.json',
      'cannot be read',
    ],
    [
      'a link to itself',
      async () => symlink('loop.json', join(cwd, 'loop.json')),
      'loop.json',
      'cannot be read (ELOOP)',
    ],
    [
      'UTF-16',
      async () => write('wide.json', Buffer.from('\ufeff{}', 'utf16le')),
      'wide.json',
      'no text in UTF-8',
    ],
    [
      'Latin-1',
      async () => write('latin.ts', Buffer.from('// \xe9', 'latin1')),
      'latin.ts',
      'no text in UTF-8',
    ],
    [
      'a large one',
      async () => write('large.yaml', Buffer.alloc(5 << 20, 'a')),
      'large.yaml',
      'a file of 5242880 bytes',
    ],
  ])('%s', async (_what, make, file, got) => {
    await make();
    expect(await problemsIn(file)).toEqual([
      expect.objectContaining({ got: expect.stringContaining(got) }),
    ]);
  });

  test('a socket', async () => {
    const server = createServer().listen(join(cwd, 'socket.json'));
    expect(await problemsIn('socket.json')).toMatchObject([{ got: 'a socket' }]);
    server.close();
  });

  test('also not one that is found', async () => {
    const own = await mkdtemp(join(tmpdir(), 'walhook-found-'));
    makePipe(join(own, 'walhook.config.yaml'));
    expect(await problemsOf(() => loadConfig({ env, cwd: own }))).toMatchObject([
      { got: 'a named pipe' },
    ]);
    await rm(own, { recursive: true });
  });

  test('nor a certificate', async () => {
    makePipe(join(cwd, 'ca.pem'));
    const tls = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: join(cwd, 'ca.pem') };
    const problems = await problemsOf(() => loadConfig({ env: { ...env, ...tls }, cwd }));
    expect(problems).toMatchObject([{ got: expect.stringContaining('a named pipe') }]);
  });
});

const deep = (open: string, close: string, times: number): string =>
  open.repeat(times) + close.repeat(times);

describe('what is too deep or too much is refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...[...'bcdefghi'].map((name, index) => {
      const before = '*' + 'abcdefgh'[index];
      return `${name}: &${name} [${Array(9).fill(before).join(',')}]`;
    }),
  ].join('\n');

  test.each([
    ['deep.json', deep('[', ']', 100_000)],
    ['groups.json', deep('{"a":', '', 100_000) + '1' + '}'.repeat(100_000)],
    ['deep.yaml', deep('[', ']', 20_000)],
    ['bomb.yaml', bomb],
    ['circle.yaml', 'endpoints: &a [*a]'],
    ['many.json', JSON.stringify({ endpoints: Array(300_000).fill(1) })],
    ['circle.mjs', 'const a = { b: {} }; a.b.a = a; export default a'],
    ['long.mjs', 'const a = []; a.length = 2 ** 32 - 1; export default { endpoints: a }'],
    ['throws.mjs', 'export default { get slot() { throw new Error(process.env.API_KEY) } }'],
    ['proxy.mjs', 'export default new Proxy({}, { ownKeys() { throw 1 } })'],
    [
      'revoked.mjs',
      'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); export default { a: proxy }',
    ],
    [
      'endless.mjs',
      `const h = { ownKeys: () => ['a'], get: () => new Proxy({}, h),
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) };
      export default new Proxy({}, h)`,
    ],
  ])('%s', async (file, text) => {
    await write(file, text);
    const problems = await problemsIn(file);
    expect(problems.length).toBeLessThan(10);
    expect(JSON.stringify(problems)).not.toContain(env.API_KEY);
  });

  test('also where a program hands it over', async () => {
    const circle: Record<string, unknown> = {};
    circle['drain'] = circle;
    expect(await problemsOf(() => parseConfig(circle, env))).toHaveLength(1);
  });

  test('an instance of a class is read as the object that it is', async () => {
    await write(
      'class.mjs',
      'class C { slot = "own"; get publication() { return "got" } } export default { ...new C(), serve: new (class { maxIntervalMs = 5_000 })() }',
    );
    const { config } = await loadConfig({ env, cwd, file: 'class.mjs' });
    expect(config).toMatchObject({ slot: 'own', serve: { maxIntervalMs: 5_000 } });
  });
});

describe('what a module throws is said without what may be secret', () => {
  test.each([
    [
      'an error',
      'throw new Error(`cannot use ${process.env.DATABASE_URL}, ${process.env.API_KEY}`)',
    ],
    ['a text', 'throw `${process.env.DATABASE_URL}`'],
    ['a password alone', 'throw new Error(new URL(process.env.DATABASE_URL).password)'],
    ['an object', 'throw { toString() { throw 1 } }'],
    ['nothing', 'throw undefined'],
    ['a symbol', 'throw Symbol(process.env.API_KEY)'],
    ['a cause', 'throw new Error("outer", { cause: new Error(process.env.API_KEY) })'],
    ['a rejection', 'export default Promise.reject(new Error(process.env.API_KEY))'],
    [
      'a rejection of nobody',
      'Promise.reject(new Error(process.env.API_KEY)); await new Promise(() => {})',
    ],
    [
      'later',
      'setTimeout(() => { throw new Error(process.env.API_KEY) }); await new Promise(() => {})',
    ],
    ['a literal', `throw new Error('postgres://me:${PASSWORD}@elsewhere/shop')`],
    ['a promise that never settles', 'await new Promise(() => {})'],
    ['a promised configuration that never settles', 'export default new Promise(() => {})'],
    ['a process that ends', 'process.exit(0)'],
    [
      'a module that imports itself, and waits',
      'import "./walhook.config.mjs"; export default await import("./walhook.config.mjs").then((m) => m.default)',
    ],
  ])('%s', async (_what, text) => {
    const own = await mkdtemp(join(tmpdir(), 'walhook-throws-'));
    await writeFile(join(own, 'walhook.config.mjs'), text);
    const file = join(own, 'walhook.config.mjs');
    const child = startWalhookInShell(
      '',
      ['status', '--log-level', 'debug', '--config', file],
      env,
    );
    const { code, stdout, stderr } = await ended(child);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain(PASSWORD);
    expect(stdout + stderr).not.toContain(env.API_KEY);
    expect(stderr).toMatch(/configuration .*(has a problem|ends the process)/);
    expect(stderr).not.toContain('a bug in walhook');
    await rm(own, { recursive: true });
  });
});

describe('a working directory', () => {
  test.each([
    ['that is gone', 'd=$(mktemp -d); cd "$d"; rmdir "$d";', 'a working directory that is gone'],
  ])('%s is said, and hides no configuration', async (_what, prelude, got) => {
    const child = startWalhookInShell('', ['status'], env, prelude);
    const { code, stderr } = await ended(child);
    expect(code).toBe(2);
    expect(stderr).toContain(got);
    const file = join(cwd, 'elsewhere.json');
    await writeFile(file, '{"database": {"url": "postgres://u@127.0.0.1:1/x"}}');
    const named = startWalhookInShell('', ['status', '--config', file], {}, prelude);
    expect((await ended(named)).stderr).toContain('database_unreachable');
  });

  test('that may not be read', async () => {
    await writeFile(join(cwd, 'plain'), '');
    const problems = await problemsOf(() => loadConfig({ env, cwd: join(cwd, 'x'.repeat(300)) }));
    expect(problems).toMatchObject([
      { got: 'a working directory that cannot be read (ENAMETOOLONG)' },
    ]);
  });

  test('a home and a folder for temporary files are not needed', async () => {
    const file = join(cwd, 'homeless.ts');
    await writeFile(
      file,
      'export default { database: { url: "postgres://u@127.0.0.1:1/x" } } as const',
    );
    const child = startWalhookInShell('', ['status', '--config', file], {
      HOME: '/nowhere',
      TMPDIR: '/proc/nowhere',
    });
    expect((await ended(child)).stderr).toContain('database_unreachable');
  });
});
