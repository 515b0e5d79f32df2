import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha1 } from '../../src/formats/sha1.ts';
import { uuidV5 } from '../../src/formats/uuid-v5.ts';

test('the digest is that of Node, at every length around a block', () => {
  for (let length = 0; length <= 200; length++) {
    const message = randomBytes(length);
    const expected = createHash('sha1').update(message).digest('hex');
    expect(Buffer.from(sha1(message)).toString('hex')).toBe(expected);
  }
});

test('the UUID is that of RFC 9562, appendix A.4', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  expect(uuidV5(dns.toUpperCase(), 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});
