import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hmacSha256, sha256 } from '../../src/routing/sha256.ts';

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])(
  'the hash of %i bytes is that of node:crypto',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 31);
    const expected = createHash('sha256').update(bytes).digest();
    expect(Buffer.from(sha256(bytes))).toEqual(expected);
  },
);

test('any hash, keyed or not, is that of node:crypto', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (key, text) => {
      const hash = createHash('sha256').update(text).digest('hex');
      expect(Buffer.from(sha256(text)).toString('hex')).toBe(hash);
      const keyed = createHmac('sha256', key).update(text).digest('hex');
      expect(Buffer.from(hmacSha256(key, text)).toString('hex')).toBe(keyed);
    }),
  );
});
