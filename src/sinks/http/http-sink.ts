import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock/clock.ts';
import type { Delivery, Framing, Outcome, Sink } from '../../delivery/sink.ts';
import { VERSION } from '../../version.ts';
import { outcomeOf } from './answer.ts';
import { type HttpClient, NoAnswerError } from './http-client.ts';
import { signatures, signingKey } from './signature.ts';

export type HttpAuth =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'header'; readonly name: string; readonly value: string };

export type HttpSinkOptions = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: HttpAuth | null;
  /** Standard Webhooks secrets; the first signs, the others too while they are rotated out. */
  readonly signingSecrets: readonly string[];
  readonly timeoutMs: number;
  readonly framing: Framing;
};

/** Posts deliveries to a URL and reads what their status means. */
export function httpSink(options: HttpSinkOptions, client: HttpClient, clock: Clock): Sink {
  const url = new URL(options.url);
  const keys = options.signingSecrets.map(signingKey);
  const fixedHeaders = {
    ...options.headers,
    ...authHeader(options.auth),
    'user-agent': `walhook/${VERSION}`,
  };

  async function send(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    const timestamp = Math.floor(clock.now() / 1000);
    const headers: Record<string, string> = {
      ...fixedHeaders,
      'content-type': delivery.contentType,
      'idempotency-key': delivery.id,
      'webhook-id': delivery.id,
      'webhook-timestamp': String(timestamp),
      traceparent: traceparent(),
    };
    if (keys.length > 0) {
      headers['webhook-signature'] = signatures(keys, delivery.id, timestamp, delivery.body);
    }
    const { method, timeoutMs } = options;
    try {
      const answer = await client.request({
        url,
        method,
        headers,
        body: delivery.body,
        timeoutMs,
        signal,
      });
      return outcomeOf(answer, clock.now());
    } catch (error) {
      // Whatever kept an answer from coming may pass; what it was is for the operator to judge.
      const reason =
        error instanceof NoAnswerError ? error.message : `request failed (${String(error)})`;
      return { kind: 'unavailable', reason, retryAfterMs: null };
    }
  }

  return { framing: options.framing, send, close: () => client.close() };
}

function authHeader(auth: HttpAuth | null): Record<string, string> {
  if (auth === null) return {};
  switch (auth.type) {
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'basic':
      return {
        authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
      };
    case 'header':
      return { [auth.name.toLowerCase()]: auth.value };
  }
}

/** A trace of its own for each attempt. @see https://www.w3.org/TR/trace-context/#traceparent-header */
function traceparent(): string {
  // UUIDs are random bits that Node keeps a stock of; asking for so few bytes costs more than a send.
  const traceId = randomUUID().replaceAll('-', '');
  const spanId = randomUUID().slice(19).replace('-', '');
  return `00-${traceId}-${spanId}-01`;
}
