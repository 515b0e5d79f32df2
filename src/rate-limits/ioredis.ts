import type { Redis } from 'ioredis';
import { WalhookError } from '../errors/walhook-error.ts';

export type Ioredis = { readonly Redis: typeof Redis };

/**
 * An optional package: only who shares a rate limit needs it.
 * @throws WalhookError `ioredis_missing`
 */
export async function loadIoredis(
  load: () => Promise<Ioredis> = () => import('ioredis'),
): Promise<Ioredis> {
  try {
    return await load();
  } catch (error) {
    throw new WalhookError(
      'ioredis_missing',
      'A rate limit is shared through Redis, and the npm package ioredis is not installed.',
      { cause: error },
    );
  }
}
