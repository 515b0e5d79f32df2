import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { webhookChannel, type WebhookOptions } from '../../src/alerts/webhook-channel.ts';
import { systemClock } from '../../src/clock/clock.ts';
import type { Alert } from '../../src/health/alerting/alert.ts';
import { signatures, signingKey } from '../../src/sinks/http/signature.ts';
import { fetchClient } from '../../src/sinks/http/fetch-client.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { alertOf, message } from './alert-of.ts';
import { secret, signingSecret } from '../support/secrets.ts';

const SECRETS = ['new', 'old'].map(signingSecret);

async function post(receiver: Receiver, alert: Alert, options: Partial<WebhookOptions> = {}) {
  const keys = SECRETS.map(signingKey);
  const given: WebhookOptions = {
    name: 'alerts[0]',
    url: `${receiver.url}services/T0/B0/${secret('slack')}`,
    headers: { 'x-team': 'ops' },
    timeoutMs: 5_000,
    userAgent: 'walhook/test',
    sign: (id, timestamp, body) => signatures(keys, id, timestamp, body),
    ...options,
  };
  const channel = webhookChannel(given, undiciClient(new URL(given.url), 1), systemClock);
  try {
    await channel.send(alert, AbortSignal.timeout(given.timeoutMs));
  } finally {
    await channel.close();
  }
}

test('a message is signed by every secret, as an independent receiver verifies', async () => {
  const receiver = await startReceiver();
  await post(receiver, alertOf());
  const [request] = receiver.requests;
  const headers = request!.headers as Record<string, string>;
  for (const signing of SECRETS) {
    expect(new Webhook(signing).verify(request!.body.toString(), headers)).toBeTruthy();
  }
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'walhook/test',
    'x-team': 'ops',
    'idempotency-key': headers['webhook-id'],
  });
  // Standard Webhooks: no full stop, for that ends it in what is signed.
  expect(headers['webhook-id']).toMatch(/^[\w:~-]+$/);
});

test('without secrets nothing is signed', async () => {
  const receiver = await startReceiver();
  await post(receiver, alertOf(), { sign: null });
  expect(receiver.requests[0]!.headers).not.toHaveProperty('webhook-signature');
});

test('has a text for a chat and fields for a program', async () => {
  const receiver = await startReceiver();
  await post(receiver, alertOf());
  expect(JSON.parse(receiver.requests[0]!.body.toString())).toEqual({
    text: [
      ':red_circle: *[walhook shop] Endpoint "billing.eu" is down*',
      'Seen: unavailable: HTTP 503: upstream connect error',
      'Since: 2026-01-31 02:41:10 UTC',
      'For: 5 min',
      'Pipeline: shop',
      'WAL: 1.2 GiB held by the slot "shop_slot"; 8.8 GiB more and it can be lost',
      '• Make it answer 2xx again. Each drain tries it by itself; nothing has to be restarted.',
      '• Not to wait for the next attempt: walhook endpoints resume billing.eu',
      '• If it takes hours, watch the WAL: walhook status',
      'Runbook: docs/operations.md#an-endpoint-is-held',
    ].join('\n'),
    type: 'incident.opened',
    timestamp: '2026-01-31T02:41:10.000Z',
    data: {
      pipeline: 'shop',
      rule: 'endpoint_down',
      endpoint: 'billing.eu',
      headline: 'Endpoint "billing.eu" is down',
      detail: 'unavailable: HTTP 503: upstream connect error',
      opened_at: '2026-01-31T02:41:10.000Z',
      resolved_at: null,
      means: expect.stringContaining('Nothing is lost'),
      to_do: [expect.any(String), expect.any(String), expect.any(String)],
      runbook: 'docs/operations.md#an-endpoint-is-held',
    },
  });
});

test('what an endpoint answered calls nobody in the chat', async () => {
  const receiver = await startReceiver();
  await post(receiver, alertOf(message({ detail: 'HTTP 500: <!channel> & <https://evil|click>' })));
  const { text, data } = JSON.parse(receiver.requests[0]!.body.toString()) as {
    text: string;
    data: { detail: string };
  };
  expect(text).toContain('Seen: HTTP 500: &lt;!channel&gt; &amp; &lt;https://evil|click&gt;');
  expect(data.detail).toBe('HTTP 500: <!channel> & <https://evil|click>');
});

test.each([
  [{ status: 500, body: 'try\nlater' }, /^HTTP 500: try later$/],
  [{ status: 404 }, /^HTTP 404$/],
  [{ status: 302, headers: { location: 'https://elsewhere.example.com' } }, /^HTTP 302$/],
  ['reset', /^connection failed/],
] as const)('an answer of %j is a failure, said without the URL', async (answer, reason) => {
  const receiver = await startReceiver(() => answer);
  const failure = post(receiver, alertOf());
  await expect(failure).rejects.toThrow(reason);
  await expect(failure).rejects.not.toThrow(/services/);
});

test('a receiver that never answers is left when time is up', async () => {
  const receiver = await startReceiver(() => 'hang');
  await expect(post(receiver, alertOf(), { timeoutMs: 200 })).rejects.toThrow(/no answer|stopped/);
});

test('goes by the fetch of a platform without sockets, too', async () => {
  const receiver = await startReceiver();
  const options = {
    name: 'alerts[0]',
    url: receiver.url,
    headers: {},
    timeoutMs: 5_000,
    userAgent: 'walhook/test',
    sign: null,
  };
  await webhookChannel(options, fetchClient(), systemClock).send(
    alertOf(),
    AbortSignal.timeout(5_000),
  );
  expect(receiver.requests).toHaveLength(1);
});
