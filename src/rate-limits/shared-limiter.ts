import Bottleneck from 'bottleneck';
import { budgetOf, type RateLimitOptions } from './budget.ts';
import { type Ioredis, loadIoredis } from './ioredis.ts';
import { intervalSettings, type Limiter, localLimiter, schedule } from './limiter.ts';
import { connectToRedis } from './redis-connection.ts';

export type SharedLimit = RateLimitOptions & {
  /** Who has the same name, and the same limit, counts together. */
  readonly name: string;
  readonly redisUrl: string;
  /** Told when the server does not answer. */
  readonly warn: (message: string) => void;
};

/**
 * For all processes that share a Redis server. While the server does not answer, this process counts
 * for itself: a limit that stopped deliveries whenever Redis is down would make things worse.
 * @throws WalhookError `ioredis_missing`
 */
export async function sharedLimiter(limit: SharedLimit): Promise<Limiter> {
  const ioredis = await loadIoredis();
  const local = localLimiter(limit);
  let shared = limiterInRedis(ioredis, limit);
  let answers = true;
  let closed = false;

  async function takeShared(events: number, signal: AbortSignal): Promise<boolean> {
    const used = shared;
    try {
      return await used.take(events, signal);
    } catch (error) {
      if (shared === used) {
        if (closed || !isForgotten(error)) throw error;
        shared = limiterInRedis(ioredis, limit);
        void used.close();
      }
      return shared.take(events, signal);
    }
  }

  return {
    async take(events, signal) {
      if (!answers && !shared.isConnected) return local.take(events, signal);
      try {
        const taken = await takeShared(events, signal);
        answers = true;
        return taken;
      } catch (error) {
        if (answers && !closed) {
          limit.warn(`a rate limit counts for this process alone: Redis ${faultOf(error)}`);
        }
        answers = false;
        return local.take(events, signal);
      }
    },
    async close() {
      closed = true;
      await local.close();
      await shared.close();
    },
  };
}

/** Its `take` rejects where the server does not answer, or has forgotten the limit. */
function limiterInRedis(
  ioredis: Ioredis,
  limit: SharedLimit,
): Limiter & { readonly isConnected: boolean } {
  const { name, redisUrl, requests, events, perMs } = limit;
  const budget = budgetOf(limit);
  const redis = connectToRedis(ioredis, redisUrl);
  const connection = new Bottleneck.IORedisConnection({ client: redis });
  const bottleneck = new Bottleneck({
    ...intervalSettings(budget, perMs),
    connection,
    // The server keeps the settings of whoever came first, so that another limit needs another key.
    id: `walhook:${name}:${requests ?? '-'}:${events ?? '-'}:${perMs}`,
    // After so long the server forgets a limit that nobody uses.
    timeout: 10 * perMs + 60_000,
  });
  // A request whose count failed stays in bottleneck's queue, and nothing but this event tells of it.
  const waiting = new Set<(error: unknown) => void>();
  const failAll = (error: unknown): void => {
    for (const fail of waiting) fail(error);
  };
  connection.on('error', failAll);
  bottleneck.on('error', failAll);

  return {
    get isConnected() {
      return redis.status === 'ready';
    },
    take: (eventCount, signal) =>
      new Promise((resolve, reject) => {
        waiting.add(reject);
        schedule(bottleneck, budget.weigh(eventCount), signal)
          .then(resolve, reject)
          .finally(() => waiting.delete(reject));
      }),
    async close() {
      await connection.disconnect(false);
      failAll(new Error('closed'));
    },
  };
}

/**
 * The server was restarted or emptied, or took this process for dead while it was frozen. bottleneck
 * would begin anew, but does not know these errors as Redis 7 words them, with `ERR` before.
 */
function isForgotten(error: unknown): boolean {
  return error instanceof Error && /SETTINGS_KEY_NOT_FOUND|UNKNOWN_CLIENT/.test(error.message);
}

/** The code of the system (ECONNREFUSED) or of Redis (WRONGPASS): these name no address and no user. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'does not answer';
  const code = 'code' in error ? error.code : /^[A-Z]+(?= )/.exec(error.message)?.[0];
  return typeof code === 'string' ? `fails with ${code}` : 'does not answer';
}
