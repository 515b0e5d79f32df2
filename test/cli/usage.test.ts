import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { commandVariables } from '../../src/config/environment-variables.ts';
import { readOptionsFromEnvironment } from '../../src/entry/cli/environment-options.ts';
import { option, parseDuration, variableOf } from '../../src/entry/cli/options.ts';
import { Terminal } from '../../src/entry/cli/terminal.ts';
import { walhook } from './walhook.ts';
import { PassThrough } from 'node:stream';
import { secret } from '../support/secrets.ts';

test('an unknown command ends with 2, and with help', async () => {
  const { code, stdout, stderr } = await walhook(['drian']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error: unknown command 'drian'\n\(Did you mean drain\?\)/);
  expect(stderr).toContain('Usage: walhook');
});

test('no command at all is help and 2', async () => {
  const { code, stderr } = await walhook([]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Usage: walhook[^]*doctor/);
});

test('every command has help with an example, and names only variables that the configuration knows', async () => {
  const commands = ['init', 'drain', 'peek', 'status', 'doctor', 'skip', 'destroy', 'demo'];
  const groups = {
    endpoints: ['list', 'pause', 'resume', 'test'],
    'dead-letters': ['list', 'show', 'redrive', 'discard'],
  };
  const all = [
    ...commands.map((command) => [command]),
    ...Object.entries(groups).flatMap(([group, names]) => [
      [group],
      ...names.map((name) => [group, name]),
    ]),
  ];
  const helps = await Promise.all(all.map((command) => walhook([...command, '--help'])));
  for (const { code, stdout } of helps) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nExample:\n {2}\S/);
    for (const [variable] of stdout.matchAll(/\bWALHOOK_[A-Z_]+/g)) {
      expect(commandVariables).toContain(variable);
    }
  }
});

test('a wrong option value says what it has to be, as text or as JSON', async () => {
  const text = await walhook(['drain', '--deadline', '25']);
  expect(text.code).toBe(2);
  expect(text.stderr).toContain('It has to be a time with its unit, like 500ms, 25s, 2m or 1h.');
  const json = await walhook(['drain', '--json', '--deadline', '25']);
  expect(json.code).toBe(2);
  expect(JSON.parse(json.stderr)).toMatchObject({
    error: { code: 'usage', message: expect.stringContaining("argument '25' is invalid") },
  });
});

test('all problems of the configuration are said at once, one a line, without secrets', async () => {
  const env = {
    DATABASE_URL: `mysql://me:${secret('database')}@db/shop`,
    SLOT_NAME: 'Not-A-Slot',
    HTTP_ENDPOINT_URL: 'ftp://example.com',
    HTTP_SINK_RETRIES: 'many',
    WALHOOK_DRIAN_DEADLINE_MS: '5',
  };
  const { code, stdout, stderr } = await walhook(['drain'], env);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  for (const name of Object.keys(env))
    expect(stderr).toMatch(new RegExp(`^ {2}${name}\\b.*: got .* wants `, 'm'));
  expect(stderr).not.toContain(secret('database'));
  expect(stderr).not.toMatch(/^\s+at /m);

  const json = JSON.parse((await walhook(['drain', '--json'], env)).stderr) as {
    error: { problems: unknown[] };
  };
  expect(json.error.problems).toHaveLength(5);
});

function options(args: readonly string[], env: Readonly<Record<string, string>>): unknown {
  const command = new Command()
    .addOption(option('--deadline <time>', 'x', parseDuration))
    .addOption(option('--all-tables', 'x'))
    .parse(args, { from: 'user' });
  readOptionsFromEnvironment(command, env);
  return command.opts();
}

test('an option is its own variable, the command line comes first, empty is unset, false is off', () => {
  expect(variableOf(new Option('--all-tables'))).toBe('WALHOOK_ALL_TABLES');
  expect(options([], { WALHOOK_DEADLINE: '2m', WALHOOK_ALL_TABLES: 'yes' })).toEqual({
    deadline: 120_000,
    allTables: true,
  });
  expect(options(['--deadline', '1s'], { WALHOOK_DEADLINE: '2m' })).toEqual({ deadline: 1_000 });
  expect(options([], { WALHOOK_DEADLINE: '', WALHOOK_ALL_TABLES: 'false' })).toEqual({
    allTables: false,
  });
  expect(() => options([], { WALHOOK_ALL_TABLES: 'maybe' })).toThrow('WALHOOK_ALL_TABLES');
  expect(() => options([], { WALHOOK_DEADLINE: 'soon' })).toThrow('WALHOOK_DEADLINE is "soon"');
});

test('durations are whole milliseconds of a number and its unit', () => {
  expect(['500ms', '25s', '1.5m', '1h'].map(parseDuration)).toEqual([
    500, 25_000, 90_000, 3_600_000,
  ]);
  for (const wrong of ['', '25', '0s', '-1s', '1d', '1 s', 's']) {
    expect(() => parseDuration(wrong)).toThrow('time with its unit');
  }
});

test('what others wrote steers no terminal, and ends no line, through a pipe neither', () => {
  const said = 'HTTP 500: \u001b[2Jall is well\u009b1m\r\n\tit said';
  const [shown, piped] = [true, false].map((isTTY) => {
    const stdout = Object.assign(new PassThrough(), { isTTY });
    const stderr = Object.assign(new PassThrough(), { isTTY });
    const terminal = new Terminal(stdout, stderr);
    terminal.data(said);
    terminal.say(said);
    return [String(stdout.read()), String(stderr.read())];
  });
  const visible = String.raw`HTTP 500: \u001b[2Jall is well\u009b1m\r\n\tit said`;
  expect(shown).toEqual([`${visible}\n`, `${visible}\n`]);
  expect(piped).toEqual(shown);
});

test('a line that is said while a status line stands takes its place, and the status line comes back', () => {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 20 });
  const terminal = new Terminal(stdout, stderr);
  terminal.status('half of it, and much more than fits');
  terminal.say('a warning');
  terminal.close();
  expect(String(stderr.read())).toBe(
    'half of it, and muc\r\u001b[2Ka warning\nhalf of it, and muc\r\u001b[2K',
  );
  expect(stdout.read()).toBeNull();
});
