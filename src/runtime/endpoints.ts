import type { Clock } from '../clock/clock.ts';
import type { ResolvedEndpoint, ResolvedHttpEndpoint } from '../config/endpoint-schema.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { Sink } from '../delivery/sink.ts';
import type { EndpointSetup, SourceAbout } from '../drain/ports.ts';
import { walhookFormat } from '../formats/walhook.ts';
import { batchEnvelope, singleEvent } from '../sinks/http/envelope.ts';
import type { HttpClient } from '../sinks/http/http-client.ts';
import { httpSink } from '../sinks/http/http-sink.ts';

/** What differs between the places walhook runs in. */
export type Platform = {
  readonly clock: Clock;
  /** Kept-alive connections to one origin. */
  readonly createHttpClient: (origin: URL, connections: number) => HttpClient;
  readonly createStdoutSink: () => Sink;
};

/** Lines go to one stream in one order; a batch only saves system calls. */
const STDOUT_OPTIONS = {
  batch: { maxEvents: 500, maxBytes: 1 << 20 },
  ordering: 'strict',
  concurrency: 1,
  retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
} as const satisfies Omit<EndpointSetup['options'], 'name'>;

export function endpointSetup(
  endpoint: ResolvedEndpoint,
  config: ResolvedConfig,
  platform: Platform,
): EndpointSetup {
  const { values } = endpoint;
  const format = {
    createFormat: (catalog: Parameters<EndpointSetup['createFormat']>[0]) =>
      walhookFormat(catalog, values),
    formatKey: JSON.stringify([endpoint.format, values]),
  };
  switch (endpoint.type) {
    case 'stdout':
      return {
        ...format,
        options: { ...STDOUT_OPTIONS, name: endpoint.name },
        createSink: () => platform.createStdoutSink(),
      };
    case 'http':
      return {
        ...format,
        options: endpoint,
        createSink: (about) => createHttpSink(endpoint, config, about, platform),
      };
  }
}

function createHttpSink(
  endpoint: ResolvedHttpEndpoint,
  config: ResolvedConfig,
  about: SourceAbout,
  { clock, createHttpClient }: Platform,
): Sink {
  const source = { ...about, slot: config.slot };
  const framing =
    endpoint.batch.maxEvents === 1
      ? singleEvent
      : batchEnvelope(config.pipeline, endpoint.name, {
          database: source.database,
          slot: source.slot,
          system: source.system,
        });
  const options = {
    url: endpoint.url,
    method: endpoint.method,
    headers: endpoint.headers,
    auth: endpoint.auth ?? null,
    signingSecrets: endpoint.signing?.secrets ?? [],
    timeoutMs: endpoint.timeoutMs,
    framing,
  };
  return httpSink(options, createHttpClient(new URL(endpoint.url), endpoint.concurrency), clock);
}
