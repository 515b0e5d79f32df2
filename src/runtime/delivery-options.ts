import type { ResolvedEndpoint } from '../config/endpoint-schema.ts';
import type { EndpointSetup } from '../drain/ports.ts';

type Options = EndpointSetup['options'];

/** How an endpoint that is spoken to by requests is delivered to. */
export function requestOptions(
  endpoint: Exclude<ResolvedEndpoint, { type: 'stdout' }>,
  batch: Options['batch'],
): Options {
  const { name, ordering, concurrency, retry, circuitBreaker } = endpoint;
  const { onUnavailable, parkAfterMs, parkAfterBytes } = endpoint;
  return {
    name,
    batch,
    ordering,
    concurrency,
    transformTimeoutMs: endpoint.timeoutMs,
    retry,
    circuitBreaker,
    unavailable: { onUnavailable, parkAfterMs, parkAfterBytes },
    parking: { maxEvents: endpoint.maxParkedEvents, maxBytes: endpoint.maxParkedBytes },
  };
}

/**
 * Lines go to one stream in one order; a batch only saves system calls. A pipe that is closed says
 * nothing of the next drain's: that one tries at once.
 */
export function stdoutOptions(name: string): Options {
  return {
    name,
    batch: { maxEvents: 500, maxBytes: 1 << 20, transactional: false },
    ordering: 'strict',
    concurrency: 1,
    transformTimeoutMs: 15_000,
    retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
    circuitBreaker: { failures: Infinity, resetMs: 0 },
    unavailable: { onUnavailable: 'hold', parkAfterMs: Infinity, parkAfterBytes: Infinity },
    parking: { maxEvents: 0, maxBytes: 0 },
  };
}
