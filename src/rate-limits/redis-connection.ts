import type { Redis } from 'ioredis';
import type { Ioredis } from './ioredis.ts';

/** Requests are not to wait for the count of requests. */
const ANSWER_MS = 3_000;

const redisOptions = {
  connectTimeout: ANSWER_MS,
  commandTimeout: ANSWER_MS,
  // A drain that ends is not to wait for it.
  disconnectTimeout: 200,
  maxRetriesPerRequest: 1,
  retryStrategy: (attempt: number) => Math.min(100 * attempt, 2_000),
};

/** Its `duplicate` is what bottleneck subscribes by. */
export function connectToRedis({ Redis }: Ioredis, url: string): Redis {
  const redis = new Redis(url, redisOptions);
  redis.duplicate = () => forgivingRejections(new Redis(url, redisOptions));
  return redis;
}

/**
 * A connection that is back subscribes again by itself, and ioredis drops the promise: if the server
 * went away in between once more, the whole process would end of it.
 */
function forgivingRejections(redis: Redis): Redis {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    const answer = send(command, stream);
    Promise.resolve(answer).catch(() => undefined);
    return answer;
  };
  return redis;
}
