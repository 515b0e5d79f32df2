import type { Redis } from 'ioredis';
import { WalhookError } from '../errors/walhook-error.ts';

export type Ioredis = { readonly Redis: typeof Redis };

/**
 * An optional package: only who shares a rate limit needs it.
 * @throws WalhookError `ioredis_missing`
 */
export function loadIoredis(): Promise<Ioredis> {
  // Caught in place: only then does a bundler that does not find the package leave the import.
  return import('ioredis').catch(ioredisMissing);
}

export function ioredisMissing(cause: unknown): never {
  throw new WalhookError(
    'ioredis_missing',
    'A rate limit is shared through Redis, and the npm package ioredis is not installed.',
    { cause },
  );
}
