import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { ended, startWalhookInShell, walhook } from './walhook.ts';

let pipeline: TestPipeline;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  pipeline = await createPipeline(
    { endpoints: [{ name: 'stdout', type: 'stdout' }] },
    'create table orders (id int primary key)',
  );
  env = { DATABASE_URL: pipeline.database.url, SLOT_NAME: pipeline.config.slot };
});

async function redirected(redirections: string, args: readonly string[]) {
  const child = startWalhookInShell(redirections, args, env);
  child.stdin.end();
  return ended(child);
}

describe('events that no standard output takes stay in the slot', () => {
  test.each([
    ['closed', '>&-', 'standard output is closed (EBADF)'],
    ['closed with the others', '<&- >&- 2>&-', ''],
    ['closed, with standard input', '<&- >&-', 'standard output is closed (EBADF)'],
    ['open for reading alone', '1</dev/null', 'standard output is closed'],
    ['a disk that is full', '>/dev/full', 'the disk is full (ENOSPC)'],
  ])('where it is %s', async (_what, redirections, reason) => {
    if (redirections.includes('/dev/full') && !existsSync('/dev/full')) return;
    await pipeline.database.query('delete from orders');
    await pipeline.database.query('insert into orders values (1)');
    const { code, stderr } = await redirected(redirections, ['drain']);
    expect(code).toBe(3);
    expect(stderr).toContain(reason);
    const { stdout } = await walhook(['peek', '--limit', '1'], env);
    expect(stdout).not.toBe('');
    await pipeline.forgetFailures();
  });
});

test('the null device may be named, and takes everything', async () => {
  await pipeline.database.query('delete from orders');
  expect(await redirected('>/dev/null', ['drain', '--json'])).toMatchObject({ code: 0 });
  expect(await redirected('', ['drain'])).toMatchObject({ code: 0, stdout: '' });
});

test('what is asked for and cannot be written is an error', async () => {
  expect(await redirected('>/dev/full', ['status'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('standard output cannot be written (ENOSPC)'),
  });
});
