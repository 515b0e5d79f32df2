import { expect, test } from 'vitest';
import { walhook } from './walhook.ts';

test('the demo holds, catches up, and ends with source and copy equal', async () => {
  const { code, stdout, stderr } = await walhook(['demo']);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/drain: held {2,}0 events .* failed tries/);
  expect(stdout).toMatch(/0 duplicates, 0 out of order, 0 bad signatures/);
  expect(stdout).toMatch(/Source and copy are equal: [\d,]+ rows\./);
  expect(code).toBe(0);
});
