import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';
import { MARK } from '../support/secrets.ts';

const env = { DATABASE_URL: 'postgres://u:p@h/shop', TOKEN: 'token' };
const definition = `({
  database: { url: env('DATABASE_URL') },
  slot: 'from_file',
  endpoints: [
    { name: 'a', type: 'http', url: 'https://h', auth: { type: 'bearer', token: env('TOKEN') } },
  ],
})`;

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'walhook-config-'));
});

afterEach(() => rm(cwd, { recursive: true }));

const write = (name: string, text: string) => writeFile(join(cwd, name), text);

describe('a configuration file', () => {
  it.each([
    [
      'walhook.config.ts',
      `import { defineConfig, env, type WalhookConfig } from 'walhook';
       const config: WalhookConfig = defineConfig${definition};
       export default config;`,
    ],
    [
      'walhook.config.js',
      `import { env } from 'walhook'; await Promise.resolve(); export default ${definition}`,
    ],
    ['walhook.config.mjs', `import { env } from 'walhook'; export default ${definition}`],
    [
      'walhook.config.json',
      `{ "database": { "url": "\${DATABASE_URL}" }, "slot": "from_file", "endpoints": [{ "name":
       "a", "type": "http", "url": "https://h", "auth": { "type": "bearer", "token": "\${TOKEN}" } }] }`,
    ],
    [
      'walhook.config.yaml',
      `
database: { url: '\${DATABASE_URL}' }
slot: from_file
endpoints:
  - { name: a, type: http, url: 'https://h', auth: { type: bearer, token: '\${TOKEN}' } }
`,
    ],
    [
      'walhook.config.yml',
      `
database: { url: '\${DATABASE_URL}' }
slot: from_file
endpoints: [{ name: a, type: http, url: 'https://h', auth: { type: bearer, token: '\${TOKEN}' } }]
`,
    ],
  ])('is found as %s', async (name, text) => {
    await write(name, text);
    const { config, source, warnings } = await loadConfig({ env, cwd });
    expect(source).toBe(join(cwd, name));
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      database: { url: env.DATABASE_URL },
      slot: 'from_file',
      endpoints: [{ name: 'a', auth: { type: 'bearer', token: 'token' } }],
    });
  });

  it('is read anew each time, as it is then', async () => {
    for (const slot of ['one', 'two']) {
      await write('walhook.config.ts', `export default { slot: '${slot}' }`);
      expect((await loadConfig({ env, cwd })).config.slot).toBe(slot);
    }
  });

  it('may be named, relative to the working directory, by flag before variable', async () => {
    await write('a.yaml', 'slot: a');
    await write('b.yaml', 'slot: b');
    const variable = { ...env, WALHOOK_CONFIG: 'a.yaml' };
    expect((await loadConfig({ env: variable, cwd })).config.slot).toBe('a');
    expect((await loadConfig({ env: variable, cwd, file: 'b.yaml' })).config.slot).toBe('b');
  });

  it('is not needed', async () => {
    const { config, source } = await loadConfig({ env, cwd });
    expect(source).toBe('environment');
    expect(config.endpoints).toMatchObject([{ type: 'stdout' }]);
  });

  it('names every missing variable at once, from a module too', async () => {
    await write('walhook.config.ts', `import { env } from 'walhook'; export default ${definition}`);
    const problems = await problemsOf(() => loadConfig({ env: {}, cwd }));
    expect(problems.map(({ variable }) => variable)).toEqual(['DATABASE_URL', 'TOKEN']);
  });

  it.each([
    ['syntax.yaml', 'slot: a\nstate: [\n', /syntax error in line [23]/],
    ['twice.yaml', 'slot: a\nslot: b\n', /syntax error in line 2/],
    ['syntax.json', '{\n "slot": "a",\n}', /syntax error in line 3, column 1/],
    ['cut.json', '{\n "slot": "a"', /syntax error in line 2/],
    ['syntax.ts', 'export default {\n  slot: "a" "b"\n}', /syntax error.*:2:/],
    ['syntax.js', 'export default {\n  slot: = 1\n}', /syntax error.*:2:/],
    ['throws.ts', 'throw new Error("no such thing")', /while it ran: no such thing/],
    ['named.ts', 'export const config = {}', /no default export/],
    ['file.toml', '', /a \.toml/],
  ])('is refused with what is wrong in %s', async (file, text, got) => {
    await write(file, text);
    const problems = await problemsOf(() => loadConfig({ env, cwd, file }));
    expect(problems).toEqual([expect.objectContaining({ got: expect.stringMatching(got) })]);
  });

  it.each([
    ['a.json', `{ "token": "${MARK}", }`],
    ['a.yaml', `token: "${MARK}"\n  x: [${MARK}`],
  ])('keeps what it holds out of the error about its syntax: %s', async (file, text) => {
    await write(file, text);
    const error: unknown = await loadConfig({ env, cwd, file }).catch((reason: unknown) => reason);
    expect(inspect(error)).toContain('a syntax error');
    expect(inspect(error)).not.toContain(MARK);
  });

  it('is refused where it is missing, a directory, or one of several', async () => {
    const missing = await problemsOf(() => loadConfig({ env, cwd, file: 'none.yaml' }));
    expect(missing).toMatchObject([{ path: 'none.yaml', got: 'no such file' }]);
    const directory = await problemsOf(() => loadConfig({ env, cwd, file: '.' }));
    expect(directory).toMatchObject([{ got: 'a directory' }]);
    await write('walhook.config.json', '{}');
    await write('walhook.config.yaml', '');
    const several = await problemsOf(() => loadConfig({ env, cwd }));
    expect(several).toMatchObject([{ got: 'walhook.config.json and walhook.config.yaml' }]);
  });
});
