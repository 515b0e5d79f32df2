import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './markdown.ts';

export const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** Of systemd about files of examples/systemd, with the built program in place of the installed. */
export function complaintsAboutUnits(...names: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-units-'));
  const program = join(root, 'dist/entry/cli.js');
  const files = names.map((name) => {
    const text = readFileSync(join(root, 'examples/systemd', name), 'utf8');
    writeFileSync(join(folder, name), text.replace('=walhook ', `=${program} `));
    return join(folder, name);
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  const complaints = stderr.split('\n').filter((line) => line.includes(folder));
  return status === 0 ? complaints : [...complaints, `exit code ${status}`];
}

/** Throws on a line that is none of a unit's. */
export function parseUnit(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const heading = /^\[(\w+)\]$/.exec(line)?.[1];
    const entry = /^(\w+)=(.*)$/.exec(line);
    if (heading !== undefined) sections[heading] = section = {};
    else if (entry !== null) section[entry[1]!] = entry[2]!;
    else if (!/^(#|$)/.test(line)) throw new Error(`not a line of a unit: ${line}`);
  }
  return sections;
}
