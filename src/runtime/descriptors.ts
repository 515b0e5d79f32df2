import { readFileSync } from 'node:fs';
import type { ResolvedConfig } from '../config/schema.ts';

/** Enough for any number of load balancers, probes and people. */
const MOST_CONNECTIONS = 500;
/** However little there is: a probe has to come through. */
const FEWEST_CONNECTIONS = 8;
/** Files and pipes of the process, its database sessions, what endpoints' names are looked up by. */
const RESERVED = 100;

/** How many connections may be open at once, so that descriptors are left for delivery. */
export function connectionBound({ endpoints }: ResolvedConfig, limit = descriptorLimit()): number {
  const delivery = endpoints
    .map((endpoint) => ('concurrency' in endpoint ? endpoint.concurrency : 1))
    .reduce((sum, requests) => sum + requests, RESERVED);
  return Math.min(MOST_CONNECTIONS, Math.max(FEWEST_CONNECTIONS, limit - delivery));
}

/**
 * How many descriptors this process may have (`ulimit -n`). Node raises the soft limit to the hard
 * one as it starts, so only Linux is asked: elsewhere the hard one is far off.
 */
function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
