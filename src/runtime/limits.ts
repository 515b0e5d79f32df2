import type { ResolvedEndpoint } from '../config/endpoint-schema.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { EndpointSetup } from '../drain/ports.ts';
import type { Platform } from './platform.ts';

/** Processes that drain the same pipeline to the same endpoint share its limit. */
export function limitOf(
  endpoint: Exclude<ResolvedEndpoint, { type: 'stdout' }>,
  { pipeline }: ResolvedConfig,
  { clock, openRateLimit }: Platform,
): EndpointSetup['createLimit'] {
  const name = `${pipeline}:${endpoint.name}`;
  return (warn) => openRateLimit(endpoint.rateLimit, { clock, name, warn });
}
