import type { ResolvedEndpoint, ResolvedHttpEndpoint } from '../config/endpoint-schema.ts';
import { redactOf } from '../config/redact.ts';
import { proxyOf } from '../config/proxy-option.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { Sink } from '../delivery/sink.ts';
import { unlimited } from '../delivery/rate-limit.ts';
import type { EndpointSetup } from '../drain/ports.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { drasiOutcome } from '../sinks/drasi/answer.ts';
import { drasiBatchUrl } from '../sinks/drasi/batch-url.ts';
import type { AnswerOverrides } from '../sinks/http/answer.ts';
import { httpSink } from '../sinks/http/http-sink.ts';
import { lineByLine } from '../sinks/http/line-by-line.ts';
import { requestOptions, stdoutOptions } from './delivery-options.ts';
import { formatSetup, sendsLineByLine } from './formats.ts';
import { hook0Endpoint } from './hook0-endpoint.ts';
import { limitOf } from './limits.ts';
import { maskingAnswers } from './masked-answers.ts';
import type { Platform } from './platform.ts';
import { routeOf, rowOptionsOf } from './routes.ts';

export function endpointSetup(
  endpoint: ResolvedEndpoint,
  config: ResolvedConfig,
  anyPlatform: Platform,
): EndpointSetup {
  const platform = maskingAnswers(anyPlatform, redactOf(config));
  if (endpoint.type === 'hook0') return hook0Endpoint(endpoint, config, platform);
  const format = formatSetup(endpoint, rowOptionsOf(endpoint), config);
  switch (endpoint.type) {
    case 'stdout':
      return {
        ...format,
        options: stdoutOptions(endpoint.name),
        createLimit: () => Promise.resolve(unlimited(platform.clock)),
        createRoute: routeOf(endpoint),
        createSink: () => createStdoutSink(endpoint.name, platform),
      };
    case 'http':
      return {
        ...format,
        options: requestOptions(endpoint, endpoint.batch),
        createLimit: limitOf(endpoint, config, platform),
        createRoute: routeOf(endpoint),
        createSink: () => createHttpSink(endpoint, platform),
      };
  }
}

function createStdoutSink(name: string, platform: Platform): Sink {
  if (platform.createStdoutSink !== null) return platform.createStdoutSink();
  throw new WalhookError('config_invalid', `${name}: nothing can be printed on this platform.`, {
    detail: name,
    remedy: 'Use an endpoint of type http here, or drain from Node.',
  });
}

function createHttpSink(
  endpoint: ResolvedHttpEndpoint,
  { clock, createHttpClient }: Platform,
): Sink {
  const drasi = endpoint.format === 'drasi';
  const sourceId = drasi ? endpoint.drasi?.sourceId : undefined;
  const url = sourceId === undefined ? endpoint.url : drasiBatchUrl(endpoint.url, sourceId);
  const options = {
    url,
    method: endpoint.method,
    headers: endpoint.headers,
    auth: endpoint.auth ?? null,
    signingSecrets: endpoint.signing?.secrets ?? [],
    timeoutMs: endpoint.timeoutMs,
    answers: overridesOf(endpoint.answers),
  };
  const client = createHttpClient(new URL(url), endpoint.concurrency, proxyOf(endpoint));
  const sink = httpSink(options, client, clock, drasi ? drasiOutcome : undefined);
  return sendsLineByLine(endpoint) ? lineByLine(sink) : sink;
}

function overridesOf(answers: ResolvedHttpEndpoint['answers']): AnswerOverrides {
  const verdicts = Object.entries(answers) as [keyof typeof answers, readonly number[]][];
  return new Map(
    verdicts.flatMap(([verdict, statuses]) => statuses.map((status) => [status, verdict] as const)),
  );
}
