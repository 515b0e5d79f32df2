import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { bundled } from './bundle.ts';
import { startContainer } from './container.ts';
import { httpEvent, schedule } from './events.ts';

test('an invocation that cannot start logs one line with everything that is wrong, and no secret', async () => {
  const hidden = randomUUID();
  const container = await startContainer(bundled('examples/lambda/handler.mjs'), {
    DATABASE_URL: `postgres://me:${hidden}@db.example.com:port/shop`,
    WALHOOK_DRAIN_LEASE_MS: 'long',
  });

  const invoked = await container.invoke(schedule);
  await container.invoke(httpEvent());

  expect(invoked).toMatchObject({ kind: 'error' });
  const lines = container.log().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    ['000000000001', '000000000002'].map((end) => ({
      time: expect.any(String),
      level: 'error',
      msg: 'cannot start',
      aws_request_id: expect.stringMatching(`${end}$`),
      error: {
        code: 'config_invalid',
        message: expect.stringContaining('WALHOOK_DRAIN_LEASE_MS (drain.leaseMs): got "long"'),
        detail: 'environment',
        remedy: 'Correct the named values and run again.',
        problems: expect.arrayContaining([
          expect.objectContaining({ variable: 'DATABASE_URL', path: 'database.url' }),
          expect.objectContaining({ variable: 'WALHOOK_DRAIN_LEASE_MS', path: 'drain.leaseMs' }),
        ]),
      },
    })),
  );
  expect(container.log() + JSON.stringify(invoked)).not.toContain(hidden);
});
