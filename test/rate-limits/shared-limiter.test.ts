import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ioredisMissing } from '../../src/rate-limits/ioredis.ts';
import type { Limiter } from '../../src/rate-limits/limiter.ts';
import { sharedLimiter, type SharedLimit } from '../../src/rate-limits/shared-limiter.ts';
import { freePort } from '../support/free-port.ts';
import { redisServerProgram, type RedisServer, startRedis } from '../support/redis-server.ts';
import { secret } from '../support/secrets.ts';

const never = new AbortController().signal;
const HOUR = 3_600_000;

type Opened = Limiter & { readonly warnings: readonly string[] };

async function open(limit: Partial<SharedLimit> & { redisUrl: string }): Promise<Opened> {
  const warnings: string[] = [];
  const limiter = await sharedLimiter({
    name: 'orders',
    perMs: HOUR,
    warn: (message) => warnings.push(message),
    ...limit,
  });
  onTestFinished(() => limiter.close());
  return { ...limiter, warnings };
}

describe.skipIf(redisServerProgram === null)(
  'processes that share a limit (skipped without a redis-server of version 7)',
  () => {
    let server: RedisServer;
    let redis: Redis;
    beforeAll(async () => {
      server = await startRedis(redisServerProgram!);
      redis = new Redis(server.url);
    });
    afterAll(() => redis.disconnect());

    test('start as many requests together as it allows', async () => {
      const limit = { redisUrl: server.url, name: 'together', requests: 5 };
      const processes = [await open(limit), await open(limit), await open(limit)];
      const answers = processes.flatMap((each) => [1, 1, 1].map((size) => each.take(size, never)));
      await numberOf(answers, 5);
      expect(await redis.hget('b_walhook:together:5:-:3600000_settings', 'reservoir')).toBe('0');
      for (const each of processes) await each.close();
      expect((await Promise.all(answers)).filter(Boolean)).toHaveLength(5);
      expect(processes.flatMap(({ warnings }) => warnings)).toEqual([]);
    });

    test('count events, and a request with too many takes a whole interval', async () => {
      const limit = { redisUrl: server.url, name: 'events', requests: 10, events: 100 };
      const [one, two] = [await open(limit), await open(limit)];
      expect(await one.take(5_000, never)).toBe(true);
      const second = two.take(1, never);
      const key = 'b_walhook:events:10:100:3600000_settings';
      await untilEqual(() => redis.hget(key, 'reservoir'), '0');
      await two.close();
      expect(await second).toBe(false);
    });

    test('go on in the next interval, each in its order', async () => {
      const limit = { redisUrl: server.url, name: 'intervals', requests: 3, perMs: 60 };
      const processes = [await open(limit), await open(limit)];
      const orders = processes.map(async (each) => {
        const order: number[] = [];
        const asked = [0, 1, 2, 3, 4, 5].map(async (index) => {
          expect(await each.take(1, never)).toBe(true);
          order.push(index);
        });
        await Promise.all(asked);
        return order;
      });
      expect(await Promise.all(orders)).toEqual([
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
      ]);
    });

    test('count by the limit that is configured now, and apart from other endpoints', async () => {
      const before = await open({ redisUrl: server.url, requests: 1 });
      expect(await before.take(1, never)).toBe(true);
      const changed = await open({ redisUrl: server.url, requests: 2 });
      expect(await changed.take(1, never)).toBe(true);
      const other = await open({ redisUrl: server.url, name: 'customers', requests: 1 });
      expect(await other.take(1, never)).toBe(true);
    });

    test('leave nothing in Redis for good', async () => {
      const limiter = await open({ redisUrl: server.url, name: 'gone', requests: 1, perMs: 1_000 });
      expect(await limiter.take(1, never)).toBe(true);
      const keys = await redis.keys('*gone*');
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
    });

    test('begin anew when the server has forgotten them', async () => {
      const limit = { redisUrl: server.url, name: 'forgotten', requests: 2 };
      const [one, two] = [await open(limit), await open(limit)];
      expect(await one.take(1, never)).toBe(true);
      expect(await two.take(1, never)).toBe(true);
      await redis.flushall();
      const answers = [one, two].flatMap((each) => [each.take(1, never), each.take(1, never)]);
      await numberOf(answers, 2);
      await one.close();
      await two.close();
      expect((await Promise.all(answers)).filter(Boolean)).toHaveLength(2);
      expect([...one.warnings, ...two.warnings]).toEqual([]);
    });

    test('count each for itself where Redis refuses them, and show no password', async () => {
      const url = server.url.replace('//', `//user:${secret('redis')}@`);
      const limiter = await open({ redisUrl: url, requests: 1 });
      expect(await limiter.take(1, never)).toBe(true);
      expect(limiter.warnings).toEqual([
        'a rate limit counts for this process alone: Redis fails with WRONGPASS',
      ]);
    });

    test('count each for itself while the server is down, say so once, and together again after', async () => {
      const own = await startRedis(redisServerProgram!);
      const limiter = await open({ redisUrl: own.url, requests: 10_000 });
      expect(await limiter.take(1, never)).toBe(true);
      await own.kill();
      for (let i = 0; i < 5; i++) expect(await limiter.take(1, never)).toBe(true);
      expect(limiter.warnings).toHaveLength(1);
      expect(limiter.warnings[0]).toMatch(/^a rate limit counts for this process alone: Redis /);

      const again = new Redis((await startRedis(redisServerProgram!, own.port)).url);
      onTestFinished(() => again.disconnect());
      await untilEqual(async () => {
        expect(await limiter.take(1, never)).toBe(true);
        return (await again.keys('b_walhook:orders*')).length > 0;
      }, true);
    });

    test('may close while a connection that was lost subscribes again', async () => {
      const way = await startWay(server.port);
      const limiter = await open({ redisUrl: way.url, name: 'interrupted', requests: 10 });
      expect(await limiter.take(1, never)).toBe(true);
      await way.cutAndHoldSubscribers();
      await limiter.close();
      // Vitest fails where a promise is rejected that nobody handles.
      await way.untilNobodyIsConnected();
    });
  },
);

test('without a server each process counts for itself, and says why', async () => {
  const limiter = await open({ redisUrl: `redis://127.0.0.1:${await freePort()}`, requests: 2 });
  const answers = [1, 1, 1].map((size) => limiter.take(size, never));
  await numberOf(answers, 2);
  await limiter.close();
  expect(await Promise.all(answers)).toEqual([true, true, false]);
  expect(limiter.warnings).toEqual([
    'a rate limit counts for this process alone: Redis fails with ECONNREFUSED',
  ]);
});

test('without the package ioredis it is said what to install', () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  expect(() => ioredisMissing(missing)).toThrowError(
    expect.objectContaining({
      code: 'ioredis_missing',
      remedy: expect.stringContaining('npm install ioredis'),
    }),
  );
});

type Way = {
  readonly url: string;
  /** Cuts all connections. Resolves when one that came again wants to subscribe, and has no answer. */
  cutAndHoldSubscribers(): Promise<void>;
  untilNobodyIsConnected(): Promise<void>;
};

/** To the Redis server of that port. */
async function startWay(port: number): Promise<Way> {
  const connected = new Set<Socket>();
  const subscribers = new EventEmitter();
  let isHolding = false;
  const way = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    connected.add(near);
    near.on('data', (bytes) => {
      if (isHolding && bytes.includes('subscribe')) subscribers.emit('held');
      else far.write(bytes);
    });
    far.pipe(near);
    near.on('error', () => undefined);
    near.on('close', () => {
      connected.delete(near);
      far.destroy();
    });
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  onTestFinished(() => void way.close());
  return {
    url: `redis://127.0.0.1:${(way.address() as AddressInfo).port}`,
    async cutAndHoldSubscribers() {
      isHolding = true;
      const held = once(subscribers, 'held');
      for (const each of connected) each.destroy();
      await held;
    },
    async untilNobodyIsConnected() {
      await Promise.all(Array.from(connected, (each) => once(each, 'close')));
    },
  };
}

/** Resolves once so many of them have resolved to true. */
function numberOf(answers: readonly Promise<boolean>[], wanted: number): Promise<void> {
  let count = 0;
  return new Promise((resolve, reject) => {
    for (const answer of answers) {
      answer.then((may) => {
        if (may && ++count === wanted) resolve();
      }, reject);
    }
  });
}

async function untilEqual(read: () => Promise<unknown>, wanted: unknown): Promise<void> {
  while ((await read()) !== wanted) await new Promise(setImmediate);
}
