import { beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/errors/catalogue.ts';
import { walhook } from '../cli/walhook.ts';
import { readPage, tableRows } from './markdown.ts';

type Option = { readonly flags: string; readonly variable: string };

const page = 'docs/cli.md';
const commands = new Map<string, Option[]>();
let globalOptions: Option[] = [];

beforeAll(async () => {
  const { stdout } = await walhook(['--help']);
  globalOptions = optionsIn(stdout);
  for (const name of commandsIn(stdout)) {
    const help = (await walhook([name, '--help'])).stdout;
    const within = commandsIn(help);
    if (within.length === 0) commands.set(name, ownOptionsIn(help));
    for (const each of within) {
      const { stdout: inner } = await walhook([name, each, '--help']);
      commands.set(`${name} ${each}`, ownOptionsIn(inner));
    }
  }
}, 60_000);

describe('docs/cli.md', () => {
  test('describes every command, and none besides', () => {
    const described = sections().map(({ name }) => name);
    expect(described.sort()).toEqual([...commands.keys()].sort());
  });

  test('describes the options and variables of each command, and none besides', () => {
    for (const { name, text } of sections()) {
      expect({ name, options: describedIn(text) }).toEqual({ name, options: commands.get(name) });
    }
  });

  test('describes the options of all commands', () => {
    const described = tableRows(page, 'option', 'variable').map(([flags, variable]) => ({
      flags: flags!,
      variable: variable!,
    }));
    for (const option of globalOptions) expect(described).toContainEqual(option);
  });

  test('has an example of each command', () => {
    for (const { name, text } of sections()) expect(text).toMatch(new RegExp(`walhook ${name}\\b`));
  });

  test('knows every exit code that an error can have', () => {
    const described = tableRows(page, 'code', 'means').map(([code]) => Number(code));
    for (const { exitCode } of Object.values(ERRORS)) expect(described).toContain(exitCode);
  });

  test('knows every status of a drain', () => {
    const described = tableRows(page, 'status', 'exit code').map(([status]) => status);
    expect(described).toEqual(['caught_up', 'deadline', 'held', 'busy', 'failed']);
  });
});

/** The sections that are about a command: their headings are in lowercase. */
function sections(): { name: string; text: string }[] {
  return readPage(page)
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ name: text.split('\n')[0]!, text }))
    .filter(({ name }) => /^[a-z][a-z -]*$/.test(name));
}

function describedIn(section: string): Option[] {
  return [...section.matchAll(/^\| `(--[^`]+)`\s*\| (?:`(\w+)`)?\s*\|/gm)].map((match) => ({
    flags: match[1]!,
    variable: match[2] ?? '',
  }));
}

function commandsIn(help: string): string[] {
  const listed = help.includes('Commands:') ? help.slice(help.indexOf('Commands:')) : '';
  const names = [...listed.matchAll(/^ {2}([a-z-]+)(?: \[options\])?(?: <\w+>)? {2,}/gm)];
  return names.map(([, name]) => name!).filter((name) => name !== 'help');
}

function ownOptionsIn(help: string): Option[] {
  return optionsIn(help.split('Global Options:')[0]!);
}

/** Of a help text, unwrapped; without -h and -V, which are commander's. */
function optionsIn(help: string): Option[] {
  const options = help.slice(help.indexOf('Options:')).split(/\n\n/)[0]!;
  const unwrapped = options.replaceAll(/\n {6,}/g, ' ');
  return [...unwrapped.matchAll(/^ {2}(--\S+(?: <\w+>)?) .*\[(\w+)\]$/gm)].map((match) => ({
    flags: match[1]!,
    variable: match[2]!,
  }));
}
