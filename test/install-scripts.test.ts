import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

function readJson(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
}

test('of every package that would run a script when it is installed, npm is told that it need not', () => {
  const packages = readJson('package-lock.json')['packages'] as Record<
    string,
    { readonly hasInstallScript?: boolean }
  >;
  const names = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split('node_modules/').at(-1)!);
  const answered = readJson('package.json')['allowScripts'];
  expect(answered).toEqual(Object.fromEntries(names.map((name) => [name, false])));
});
