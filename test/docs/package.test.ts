import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, root } from './markdown.ts';

/** What is only of use beside the source: who follows such a link wants the checkout. */
const OF_THE_CHECKOUT = /^(test|bench)\/|^(CONTRIBUTING\.md|Dockerfile|compose\.yml)$/;

type Packed = [{ files: { path: string }[] }];
const npm = ['pack', '--dry-run', '--ignore-scripts', '--json'];
const [{ files }] = JSON.parse(
  execFileSync('npm', npm, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
) as Packed;
const packed = new Set(files.map(({ path }) => path));
const pages = [...packed].filter((path) => path.endsWith('.md'));

test('the package has the README, every page that it leads to, and the examples', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/operations.md', 'SECURITY.md']));
  expect(packed).toContain('examples/grafana/alerts.yml');
});

const isPacked = (path: string): boolean =>
  packed.has(path) || [...packed].some((file) => file.startsWith(`${path.replace(/\/$/, '')}/`));

test.each(pages.map((page) => ({ page })))('$page leads to what is in the package', ({ page }) => {
  const leads = [...readPage(page).matchAll(/\]\(([^)\s#]+)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((target) => join(page, '..', target));
  expect(leads.filter((path) => !isPacked(path) && !OF_THE_CHECKOUT.test(path))).toEqual([]);
});
