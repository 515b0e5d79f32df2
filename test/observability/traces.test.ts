import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DrainLog } from '../../src/drain/ports.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { sweep } from '../support/secret-sweep.ts';
import { secret } from '../support/secrets.ts';

const TABLE = 'create table t (id int primary key)';
const http = (receiver: Receiver) =>
  ({
    name: 'hooks',
    type: 'http',
    url: `${receiver.url}?token=${secret('query')}`,
    ordering: 'strict',
    headers: { 'x-key': secret('header') },
    retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 0 },
  }) as const;

const idOf = (span: ReadableSpan | undefined) => span?.spanContext().spanId;

type Attempt = Readonly<Record<string, unknown>>;

/** What is logged of attempts. */
function attemptLog(): { readonly log: DrainLog; readonly attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const note = (message: string, fields: Attempt = {}): void => {
    if (message.startsWith('deliver')) attempts.push(fields);
  };
  return { log: { debug: note, info: note, warn: note }, attempts };
}

const traceparentsOf = ({ requests }: Receiver) =>
  requests.map(({ headers }) => String(headers['traceparent']));

async function pipelineWithRow(receiver: Receiver): Promise<TestPipeline> {
  const pipeline = await createPipeline({ endpoints: [http(receiver)] }, TABLE);
  await pipeline.database.query('insert into t values (4711)');
  return pipeline;
}

describe('with a provider of OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });

  beforeEach(() => {
    trace.setGlobalTracerProvider(provider);
  });

  afterEach(() => {
    sweep('a span', spansText());
    exporter.reset();
    trace.disable();
  });

  const spansText = (): string =>
    JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, status, events }) => {
        return { name, attributes, status, events };
      }),
    );

  const spans = (name: string): ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.name === `walhook.${name}`);

  test('a drain is a trace: rounds below it, windows and attempts below those', async () => {
    const receiver = await startReceiver((_request, nth) => (nth === 1 ? 503 : 204));
    const pipeline = await pipelineWithRow(receiver);
    const { log, attempts: logged } = attemptLog();

    const report = await pipeline.drain({ log });

    const [drain, ...otherDrains] = spans('drain');
    const [round] = spans('round');
    const [window] = spans('window');
    const attempts = spans('attempt');
    expect(otherDrains).toEqual([]);
    expect(drain?.attributes).toMatchObject({
      'walhook.run_id': report.run_id,
      'walhook.status': 'caught_up',
      'walhook.events': 1,
    });
    expect(round?.parentSpanContext?.spanId).toBe(idOf(drain));
    expect(window?.parentSpanContext?.spanId).toBe(idOf(round));
    expect(window?.attributes).toMatchObject({
      'walhook.wal_bytes': expect.any(Number),
      'walhook.decoded_ms': expect.any(Number),
    });
    expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual([
      idOf(round),
      idOf(round),
    ]);
    expect(
      new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).size,
    ).toBe(1);

    expect(attempts).toMatchObject([
      {
        kind: SpanKind.CLIENT,
        status: { code: SpanStatusCode.ERROR, message: 'unavailable' },
        attributes: {
          'walhook.endpoint': 'hooks',
          'walhook.events': 1,
          'walhook.attempt': 1,
          'walhook.outcome': 'unavailable',
          'http.response.status_code': 503,
        },
      },
      {
        status: { code: SpanStatusCode.UNSET },
        attributes: { 'walhook.attempt': 2, 'walhook.outcome': 'delivered' },
      },
    ]);
    expect(traceparentsOf(receiver)).toEqual(
      attempts.map((span) => `00-${span.spanContext().traceId}-${idOf(span)}-01`),
    );
    const traceId = drain?.spanContext().traceId;
    const batchId = receiver.requests[0]?.headers['webhook-id'];
    expect(logged).toMatchObject(
      Array.from({ length: 2 }, () => ({
        run_id: report.run_id,
        endpoint: 'hooks',
        batch_id: batchId,
        trace_id: traceId,
      })),
    );
  });

  test('a drain that fails ends its spans, and says by which code', async () => {
    const receiver = await startReceiver();
    const pipeline = await pipelineWithRow(receiver);
    await pipeline.database.query(`select pg_drop_replication_slot('${pipeline.config.slot}')`);

    const { error } = await pipeline.drain();

    expect(error?.code).toBe('slot_missing');
    expect(spans('drain')).toMatchObject([
      { status: { code: SpanStatusCode.ERROR, message: 'slot_missing' } },
    ]);
  });

  test('spans hold nothing of rows, answers, addresses or secrets', async () => {
    const receiver = await startReceiver(() => ({ status: 422, body: 'answer-secret' }));
    const pipeline = await pipelineWithRow(receiver);

    await pipeline.drain();

    const told = spansText();
    expect(told).toContain('rejected');
    const hidden = ['4711', secret('query'), secret('header'), 'answer-secret', '127.0.0.1'];
    for (const each of hidden) {
      expect(told).not.toContain(each);
    }
  });
});

describe('without a provider', () => {
  test('each attempt is a trace of its own, whose id is in the log', async () => {
    const receiver = await startReceiver((_request, nth) => (nth === 1 ? 503 : 204));
    const pipeline = await pipelineWithRow(receiver);
    const { log, attempts } = attemptLog();

    await pipeline.drain({ log });

    const traceIds = traceparentsOf(receiver).map((header) => header.split('-')[1]);
    expect(new Set(traceIds).size).toBe(2);
    expect(attempts.map(({ trace_id: id }) => id)).toEqual(traceIds);
  });

  test('another use of the package, which collects no traces, changes nothing of that', async () => {
    propagation.setGlobalPropagator({
      inject: () => undefined,
      extract: (extracted) => extracted,
      fields: () => [],
    });
    try {
      const receiver = await startReceiver();
      const pipeline = await pipelineWithRow(receiver);

      expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 1 });

      expect(context.active()).toBeDefined();
      expect(traceparentsOf(receiver)).toEqual([
        expect.stringMatching(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/),
      ]);
    } finally {
      propagation.disable();
    }
  });
});
