import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { untraced } from '../../src/delivery/tracing.ts';
import { ProcessMetrics } from '../../src/observability/process-metrics.ts';
import { expositionText } from '../../src/observability/exposition.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { serve } from '../../src/runtime/serve.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { type ParsedSample, parseExposition } from './prometheus-text.ts';

function samplesOf(text: string, family: string): readonly ParsedSample[] {
  return parseExposition(text).find(({ name }) => name === family)?.samples ?? [];
}

test('an attempt counts in every bucket that it is not too long for', () => {
  const clock = new FakeClock();
  const attempts = new ProcessMetrics(clock);
  const round = attempts.watch(untraced)('walhook.drain', {}).child('walhook.round', {});
  for (const [ms, outcome] of [
    [25, 'delivered'],
    [26, 'unavailable'],
    [60_000, 'unavailable'],
  ] as const) {
    const span = round.child('walhook.attempt', { 'walhook.endpoint': 'a"b' });
    clock.advance(ms);
    span.end({ 'walhook.outcome': outcome }, null);
  }

  const text = expositionText(attempts.families('shop'));

  const latency = samplesOf(text, 'event_sink_latency_seconds');
  const buckets = latency.filter(({ name }) => name.endsWith('_bucket'));
  const atMost = new Map(buckets.map(({ labels, value }) => [labels['le'], value]));
  expect([...atMost].slice(0, 4)).toEqual([
    ['0.005', 0],
    ['0.01', 0],
    ['0.025', 1],
    ['0.05', 2],
  ]);
  expect(atMost.get('30')).toBe(2);
  expect(atMost.get('+Inf')).toBe(3);
  expect(latency.slice(-2)).toMatchObject([
    { name: 'event_sink_latency_seconds_sum', value: expect.closeTo(60.051) },
    { name: 'event_sink_latency_seconds_count', value: 3 },
  ]);
  expect(samplesOf(text, 'walhook_attempts_total')).toMatchObject([
    { labels: { pipeline: 'shop', endpoint: 'a"b', outcome: 'delivered' }, value: 1 },
    { labels: { pipeline: 'shop', endpoint: 'a"b', outcome: 'unavailable' }, value: 2 },
  ]);
});

test('a span that is watched keeps its traceparent', () => {
  const span = new ProcessMetrics(nodePlatform.clock).watch(untraced)('walhook.drain', {});
  const attempt = span.child('walhook.attempt', { 'walhook.endpoint': 'hooks' });
  expect(attempt.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(attempt.traceparent).toBe(attempt.traceparent);
});

test('serve tells of the attempts that its drains have made', async () => {
  const receiver = await startReceiver((_request, nth) => (nth === 1 ? 503 : 204));
  const token = 'the-token-of-this-test';
  const { config, database } = await createPipeline(
    {
      endpoints: [
        { name: 'hooks', type: 'http', url: receiver.url, retry: { minDelayMs: 0, maxDelayMs: 0 } },
      ],
      http: { host: '127.0.0.1', port: 0, tokens: [token] },
    },
    'create table t (id int primary key)',
  );
  await database.query('insert into t values (1)');
  const said = new EventEmitter();
  const note = (message: string): void => void said.emit(message);
  const stop = new AbortController();
  const delivered = once(said, 'delivered');
  const listening = once(said, 'url');
  const ended = serve({
    config,
    platform: nodePlatform,
    log: { debug: note, info: note, warn: note },
    signal: stop.signal,
    onListening: (url) => void said.emit('url', url),
  });
  const [url] = (await listening) as [string];
  await delivered;

  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();

  expect(samplesOf(text, 'walhook_attempts_total')).toMatchObject([
    { labels: { endpoint: 'hooks', outcome: 'unavailable' }, value: 1 },
    { labels: { endpoint: 'hooks', outcome: 'delivered' }, value: 1 },
  ]);
  expect(samplesOf(text, 'event_sink_latency_seconds').at(-1)).toMatchObject({ value: 2 });
  const [decoded, spanned] = [
    'walhook_window_decode_seconds_total',
    'walhook_window_wal_bytes_total',
  ].map((name) => samplesOf(text, name)[0]!.value);
  expect(decoded).toBeGreaterThanOrEqual(0);
  expect(spanned).toBeGreaterThan(0);
  stop.abort();
  expect(await ended).toBe(true);
});
