import type { ResolvedHook0Endpoint } from '../config/endpoint-schema.ts';
import { proxyOf } from '../config/proxy-option.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { singleEvent } from '../delivery/single-event.ts';
import type { EndpointSetup } from '../drain/ports.ts';
import { renderEventType } from '../formats/hook0-event-type.ts';
import { hook0Format } from '../formats/hook0.ts';
import { uuidV5 } from '../formats/uuid-v5.ts';
import { hook0BaseUrl } from '../sinks/hook0/base-url.ts';
import { hook0Sink } from '../sinks/hook0/hook0-sink.ts';
import { requestOptions } from './delivery-options.ts';
import { limitOf } from './limits.ts';
import type { Platform } from './platform.ts';
import { routeOf, rowOptionsOf } from './routes.ts';

/** Hook0 takes one event a request: there is nothing to batch. */
const ONE_EVENT = { maxEvents: 1, maxBytes: 2 << 20, transactional: false };

export function hook0Endpoint(
  endpoint: ResolvedHook0Endpoint,
  config: ResolvedConfig,
  platform: Platform,
): EndpointSetup {
  const { clock, createHttpClient } = platform;
  const { applicationId, apiToken, concurrency, eventType, eventsTable, labels, name } = endpoint;
  const { registerEventTypes, retry, timeoutMs, values } = endpoint;
  const { columns } = rowOptionsOf(endpoint);
  const baseUrl = hook0BaseUrl(endpoint.apiUrl);
  const wording = {
    applicationId,
    eventType,
    labels,
    eventsTable: eventsTable ?? null,
    service: config.pipeline,
    values,
  };
  return {
    options: requestOptions(endpoint, ONE_EVENT),
    ...(registerEventTypes && { testNote: (prefix) => testNote(eventType, config, prefix) }),
    createLimit: limitOf(endpoint, config, platform),
    createRoute: routeOf(endpoint),
    createFraming: () => singleEvent,
    createFormat: (catalog, { database, system }) =>
      hook0Format(catalog, {
        ...wording,
        columns,
        // Without the right to read the system's identifier, the database's name has to do.
        source: `${system ?? database}/${config.slot}`,
        now: () => clock.now(),
      }),
    formatKey: JSON.stringify(['hook0', name, wording]),
    createSink: () =>
      hook0Sink(
        {
          baseUrl,
          applicationId,
          token: apiToken,
          registerEventTypes,
          timeoutMs,
          attempts: retry.attempts,
          idOf: (given) => uuidV5(applicationId, given),
        },
        createHttpClient(new URL(baseUrl), concurrency, proxyOf(endpoint)),
        clock,
      ),
  };
}

function testNote(eventType: string, { pipeline }: ResolvedConfig, prefix: string): string {
  const subject = { service: pipeline, schema: 'message', table: prefix, operation: 'message' };
  const type = renderEventType(eventType, subject);
  return `Hook0 keeps its event type, ${type}, which counts against the quota of types: deactivate it there if that is short`;
}
