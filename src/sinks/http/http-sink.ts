import type { Clock } from '../../clock/clock.ts';
import type { Delivery, Outcome, Sink } from '../../delivery/sink.ts';
import { randomTraceparent } from '../../delivery/traceparent.ts';
import { VERSION } from '../../version.ts';
import { type AnswerOverrides, outcomeOf } from './answer.ts';
import {
  ANSWER_BYTES,
  type HttpAnswer,
  type HttpClient,
  NoAnswerError,
  PLAIN_ANSWER,
} from './http-client.ts';
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
  readonly answers: AnswerOverrides;
};

/** For each event that may be named as failed: its id, and some JSON around it. */
const FAILURE_BYTES = 100;

/** What an answer means to this endpoint. */
export type Judge = (answer: HttpAnswer, nowMs: number, overrides: AnswerOverrides) => Outcome;

/** Posts deliveries to a URL and reads what the answers mean. */
export function httpSink(
  options: HttpSinkOptions,
  client: HttpClient,
  clock: Clock,
  judge: Judge = outcomeOf,
): Sink {
  const url = new URL(options.url);
  const keys = options.signingSecrets.map(signingKey);
  const fixedHeaders = {
    ...PLAIN_ANSWER,
    ...options.headers,
    ...authHeader(options.auth),
    'user-agent': `walhook/${VERSION}`,
  };

  async function send(
    delivery: Delivery,
    signal: AbortSignal,
    traceparent = randomTraceparent(),
  ): Promise<Outcome> {
    const timestamp = Math.floor(clock.now() / 1000);
    const headers: Record<string, string> = {
      ...delivery.headers,
      ...fixedHeaders,
      'content-type': delivery.contentType,
      'idempotency-key': delivery.id,
      'webhook-id': delivery.id,
      'webhook-timestamp': String(timestamp),
      traceparent,
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
        answerBytes: ANSWER_BYTES + FAILURE_BYTES * delivery.eventCount,
        timeoutMs,
        signal,
      });
      return judge(answer, clock.now(), options.answers);
    } catch (error) {
      // Whatever kept an answer from coming may pass; what it was is for the operator to judge.
      const reason =
        error instanceof NoAnswerError ? error.message : `request failed (${String(error)})`;
      return { kind: 'unavailable', reason, retryAfterMs: null, answer: null };
    }
  }

  return { send, close: () => client.close() };
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
