import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { ReceiverError, type ReceiverErrorCode, verify } from '../../src/receiver/index.ts';
import { newSecret, signedHeaders } from './signed-request.ts';

const secret = newSecret();
const id = '0000000001BB53F0-00000000';
const body = new TextEncoder().encode('{"id":"0000000001BB53F0-00000000","note":"ä漢😀"}');
const timestamp = 1_769_860_800;
const now = (): number => timestamp * 1000;
const headers = signedHeaders([secret], id, timestamp, body);

describe('a request is taken', () => {
  test('that is the published vector of Standard Webhooks', async () => {
    const vector = {
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      body: '{"test": 2432232314}',
    };
    const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
    const options = { secrets, now: () => 1_614_265_330_000 };
    const verified = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330 };
    await expect(verify(vector, options)).resolves.toEqual(verified);
  });

  test('that the reference library signed, whatever the body, and the other way round', async () => {
    const seconds = Math.floor(Date.now() / 1000);
    const secretOfAnyLength = fc
      .uint8Array({ minLength: 24, maxLength: 64 })
      .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
    await fc.assert(
      fc.asyncProperty(secretOfAnyLength, fc.string({ unit: 'grapheme' }), async (key, text) => {
        const reference = new Webhook(key);
        const theirs = {
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': reference.sign(id, new Date(seconds * 1000), text),
        };
        await expect(verify({ headers: theirs, body: text }, { secrets: [key] })).resolves.toEqual({
          id,
          timestamp: seconds,
        });
        const bytes = new TextEncoder().encode(text);
        const ours = signedHeaders([newSecret(), key], id, seconds, bytes);
        expect(() => reference.verify(text, ours, { jsonParse: false })).not.toThrow();
        await expect(
          verify({ headers: ours, body: bytes }, { secrets: [newSecret(), key] }),
        ).resolves.toMatchObject({ id });
      }),
      { numRuns: 100 },
    );
  });

  test('while secrets are rotated, by who knows the old, the new, or both', async () => {
    const [old, current] = [newSecret(), newSecret()];
    const rotating = { headers: signedHeaders([current, old], id, timestamp, body), body };
    for (const secrets of [[old], [current], [old, current], [newSecret(), current]]) {
      await expect(verify(rotating, { secrets, now })).resolves.toMatchObject({ id });
    }
    const signedByOld = { headers: signedHeaders([old], id, timestamp, body), body };
    await expect(verify(signedByOld, { secrets: [current, old], now })).resolves.toEqual({
      id,
      timestamp,
    });
  });

  test('beside signatures of other schemes and of other keys', async () => {
    const signature = `v1a,AAAA v1,AAAA v1, nonsense ${headers['webhook-signature']}`;
    const request = { headers: { ...headers, 'webhook-signature': signature }, body };
    await expect(verify(request, { secrets: [secret], now })).resolves.toMatchObject({ id });
  });

  test('with its headers in any of the shapes that they come in', async () => {
    const capitalised = Object.entries(headers).map(([name, value]): [string, string] => [
      name.toUpperCase(),
      value,
    ]);
    const shapes = [
      new Headers(headers),
      new Map(Object.entries(headers)),
      new Map(capitalised),
      Object.fromEntries(capitalised),
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      { get: (name: string) => headers[name] ?? null },
    ];
    for (const shape of shapes) {
      const verified = verify({ headers: shape, body }, { secrets: [secret], now });
      await expect(verified).resolves.toEqual({ id, timestamp });
    }
  });

  test('with its body as bytes, as a buffer, or as text', async () => {
    const inTheMiddle = new Uint8Array([0, ...body, 0]).subarray(1, -1);
    for (const shape of [body, body.buffer, new TextDecoder().decode(body), inTheMiddle]) {
      const verified = verify({ headers, body: shape }, { secrets: [secret], now });
      await expect(verified).resolves.toMatchObject({ id });
    }
  });

  test('up to the tolerance, in both directions, to the second', async () => {
    for (const toleranceSeconds of [300, 5]) {
      const at = (seconds: number) =>
        verify(
          { headers, body },
          { secrets: [secret], toleranceSeconds, now: () => (timestamp + seconds) * 1000 },
        );
      for (const offset of [-toleranceSeconds, 0, toleranceSeconds]) {
        await expect(at(offset)).resolves.toEqual({ id, timestamp });
      }
      await expect(at(toleranceSeconds + 1)).rejects.toMatchObject({ code: 'timestamp_too_old' });
      await expect(at(-toleranceSeconds - 1)).rejects.toMatchObject({ code: 'timestamp_too_new' });
    }
  });
});

describe('a request is refused', () => {
  const faults: readonly [string, Record<string, string | undefined>, ReceiverErrorCode][] = [
    ['without an id', { 'webhook-id': undefined }, 'header_missing'],
    ['with an empty id', { 'webhook-id': ' ' }, 'header_missing'],
    ['without a timestamp', { 'webhook-timestamp': undefined }, 'header_missing'],
    ['without a signature', { 'webhook-signature': undefined }, 'header_missing'],
    ['with a timestamp in words', { 'webhook-timestamp': 'soon' }, 'header_invalid'],
    ['with part of a second', { 'webhook-timestamp': `${timestamp}.5` }, 'header_invalid'],
    ['with a negative timestamp', { 'webhook-timestamp': '-1' }, 'header_invalid'],
    ['with a dot in its id', { 'webhook-id': `${id}.${timestamp}` }, 'header_invalid'],
    [
      'with the timestamp of another',
      { 'webhook-timestamp': `${timestamp + 1}` },
      'signature_mismatch',
    ],
    ['with the id of another', { 'webhook-id': 'another' }, 'signature_mismatch'],
    [
      'with a signature of another',
      { 'webhook-signature': `v1,${btoa('x'.repeat(32))}` },
      'signature_mismatch',
    ],
    [
      'with a shorter signature',
      { 'webhook-signature': headers['webhook-signature']!.slice(0, -4) },
      'signature_mismatch',
    ],
    [
      'with a signature of another scheme',
      { 'webhook-signature': 'v1a,AAAA' },
      'signature_mismatch',
    ],
  ];
  test.each(faults)('%s', async (_fault, changes, code) => {
    const refused = verify(
      { headers: { ...headers, ...changes }, body },
      { secrets: [secret], now },
    );
    await expect(refused).rejects.toThrow(ReceiverError);
    await expect(refused).rejects.toMatchObject({ code });
  });

  test('with any byte of body, id, timestamp or signature changed', async () => {
    const place = fc.oneof(
      fc.record({ part: fc.constant('body'), at: fc.nat(body.length - 1) }),
      fc
        .constantFrom(...Object.keys(headers))
        .chain((part) =>
          fc.record({ part: fc.constant(part), at: fc.nat(headers[part]!.length - 1) }),
        ),
    );
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async ({ part, at }, bits) => {
        const flip = (bytes: Uint8Array): Uint8Array => {
          const flipped = Uint8Array.from(bytes);
          flipped[at]! ^= bits;
          return flipped;
        };
        const latin = Buffer.from(flip(Buffer.from(headers[part] ?? ''))).toString('latin1');
        const request =
          part === 'body'
            ? { headers, body: flip(body) }
            : { headers: { ...headers, [part]: latin }, body };
        await expect(verify(request, { secrets: [secret], now })).rejects.toThrow(ReceiverError);
      }),
      { numRuns: 500 },
    );
  });

  test('with bytes before, behind or missing', async () => {
    for (const changed of [[...body, 32], [32, ...body], [...body.subarray(1)], []]) {
      const request = { headers, body: Uint8Array.from(changed) };
      await expect(verify(request, { secrets: [secret], now })).rejects.toMatchObject({
        code: 'signature_mismatch',
      });
    }
  });

  test('by a tolerance that is no number', async () => {
    const options = { secrets: [secret], now, toleranceSeconds: NaN };
    await expect(verify({ headers, body }, options)).rejects.toMatchObject({
      code: 'timestamp_too_old',
    });
  });

  test('whose body a JSON parser has been at', async () => {
    const parsed = JSON.parse(new TextDecoder().decode(body)) as string;
    await expect(
      verify({ headers, body: parsed }, { secrets: [secret], now }),
    ).rejects.toMatchObject({
      code: 'body_invalid',
      message: expect.stringContaining('before any JSON parser'),
    });
  });
});

test.each([
  ['none', [], 'No signing secret is given'],
  ['an unset variable', [secret, undefined], 'Signing secret 2 of 2 is missing'],
  ['an empty one', [''], 'is missing'],
  ['one with a line break', [`${secret}\n`], 'has white space around it'],
  ['one without its prefix', [secret.slice(6)], 'does not begin with whsec_'],
  ['a public key', ['whpk_AAAA'], 'is an ed25519 key'],
  ['a short one', [`whsec_${btoa('x'.repeat(23))}`], 'is no base64 of that length'],
  ['a long one', [`whsec_${btoa('x'.repeat(65))}`], 'is no base64 of that length'],
  ['base64url', [`whsec_${'-_'.repeat(20)}`], 'is no base64 of that length'],
  ['cut base64', [`whsec_${btoa('x'.repeat(32)).slice(0, -3)}`], 'is no base64 of that length'],
])('%s is no secret, and is not shown', async (_name, secrets, message) => {
  const refused = verify({ headers, body }, { secrets: secrets as string[], now });
  await expect(refused).rejects.toMatchObject({ code: 'secret_invalid' });
  await expect(refused).rejects.toThrow(message);
  const said = String(await refused.catch((error: unknown) => error));
  const shown = secrets.filter((each) => (each?.length ?? 0) > 9 && said.includes(each!.slice(6)));
  expect(shown).toEqual([]);
});
