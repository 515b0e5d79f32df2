import { WalhookError } from '../errors/walhook-error.ts';
import type { EndpointRecord } from './state-store.ts';

/** As the endpoint is called that nothing configures. */
const FALLBACK_ENDPOINT = 'stdout';

/**
 * Throws endpoints_missing where the pipeline has endpoints, but this configuration names none: a
 * variable that got lost would otherwise empty the slot onto standard output.
 */
export function assertNeverDelivered(records: readonly Pick<EndpointRecord, 'endpoint'>[]): void {
  const names = records
    .map(({ endpoint }) => endpoint)
    .filter((name) => name !== FALLBACK_ENDPOINT);
  if (names.length === 0) return;
  const listed = names.map((name) => JSON.stringify(name)).join(', ');
  throw new WalhookError(
    'endpoints_missing',
    `no endpoint is configured, and this pipeline delivers to ${listed}: ` +
      'its events would be printed to standard output, and count as delivered',
    { detail: names.join(', ') },
  );
}
