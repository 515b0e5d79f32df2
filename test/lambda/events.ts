import { readFileSync } from 'node:fs';

/** As AWS documents them: what EventBridge sends, a function URL, an API Gateway HTTP API. */
export const schedule = read('schedule');

type Json = Record<string, unknown>;

export type Sent = {
  readonly by?: 'function-url' | 'http-api';
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
};

/** The document of a request that is sent so. */
export function httpEvent(sent: Sent = {}): Json {
  const { by = 'function-url', method = 'POST', path = '/drain', query = '' } = sent;
  const { headers = {}, body, isBase64Encoded = false } = sent;
  const event = read(by);
  const context = event['requestContext'] as Json;
  const http = { ...(context['http'] as Json), method, path };
  return {
    ...event,
    rawPath: path,
    rawQueryString: query,
    headers: { ...(event['headers'] as Json), ...headers },
    requestContext: { ...context, http },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded,
  };
}

function read(name: string): Json {
  return JSON.parse(readFileSync(new URL(`events/${name}.json`, import.meta.url), 'utf8')) as Json;
}
