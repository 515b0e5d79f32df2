import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { signatures, signingKey } from '../../src/sinks/http/signature.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { signingSecret } from '../support/secrets.ts';

const newSecret = () => signingSecret(randomBytes(8).toString('hex'));

test('the published vector of Standard Webhooks is signed as published', () => {
  const key = signingKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const body = new TextEncoder().encode('{"test": 2432232314}');
  expect(signatures([key], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('what is sent verifies under either secret while they are rotated, and under no other', async () => {
  const [old, current] = [newSecret(), newSecret()];
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: 2 },
          signing: { secrets: [current, old] },
        },
      ],
    },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(`insert into t values (1, 'ä漢😀'), (2, E'\\x01'), (3, null)`);
  expect((await pipeline.drain()).status).toBe('caught_up');

  expect(receiver.requests).toHaveLength(2);
  for (const request of receiver.requests) {
    for (const secret of [old, current]) expect(verified(secret, request)).toBe(true);
    expect(verified(newSecret(), request)).toBe(false);
    const changed = Buffer.concat([request.body.subarray(0, -1), Buffer.from(' }')]);
    expect(verified(current, { ...request, body: changed })).toBe(false);
  }
});

function verified(secret: string, { body, headers }: ReceivedRequest): boolean {
  try {
    new Webhook(secret).verify(body.toString(), headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}
