import { describe, expect, test } from 'vitest';
import { blocksOf } from '../docs/markdown.ts';
import { workerdProgram } from '../receiver/runtimes.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { bundleWorker } from './bundle.ts';
import { serveWorker } from './workerd.ts';

/** A span as the exporter below writes it. */
type Told = {
  readonly span: string;
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
};

/** In place of one that writes for eyes. */
const EXPORTER = `{
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      const parent = span.parentSpanContext?.spanId;
      console.log(JSON.stringify({ span: span.name, trace: traceId, id: spanId, parent }));
    }
    done({ code: 0 });
  },
  shutdown: async () => undefined,
}`;

const page = blocksOf('docs/observability.md').find(({ language }) => language === 'typescript')!;
const worker = page.text
  .replace('new ConsoleSpanExporter()', EXPORTER)
  .replace('walhook/worker', './src/entry/worker.ts');

/** The same below a span of its own. */
const nested = `
  import { AsyncLocalStorage } from 'node:async_hooks';
  import { context as contexts, ROOT_CONTEXT } from '@opentelemetry/api';
  ${worker.replace('await worker.scheduled(event, env, context)', 'await inSpan(() => worker.scheduled(event, env, context))')}
  const storage = new AsyncLocalStorage();
  contexts.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_context, target) => target,
    enable() { return this; },
    disable() { return this; },
  });
  const inSpan = (run) =>
    trace.getTracer('own').startActiveSpan('own', async (span) => {
      await run();
      span.end();
    });`;

async function serveShop(source: string) {
  const receiver = await startReceiver((_request, nth) => (nth === 1 ? 503 : 204));
  const endpoint = { name: 'http', type: 'http', url: receiver.url } as const;
  const { database, config } = await createPipeline(
    { endpoints: [endpoint] },
    'create table orders (id int primary key)',
  );
  const { text } = await bundleWorker({ source });
  const vars = {
    DATABASE_URL: database.url,
    SLOT_NAME: config.slot,
    HTTP_ENDPOINT_URL: receiver.url,
    WALHOOK_ENDPOINTS_0_RETRY_MIN_DELAY_MS: '1',
  };
  const served = await serveWorker(workerdProgram!, text, { vars });
  return {
    receiver,
    /** Drains an order by a schedule; all spans that were collected since the worker began. */
    async drainOrder(id: number, drains: number): Promise<(name: string) => readonly Told[]> {
      await database.query('insert into orders values ($1)', [id]);
      expect(await served.scheduled()).toEqual({ outcome: 'ok' });
      await served.said.waitFor(/"span":"walhook.drain"/, drains);
      const spans = served.said.all
        .filter((line) => line.startsWith('{"span":'))
        .map((line) => JSON.parse(line) as Told);
      return (name) => spans.filter(({ span }) => span === name);
    },
  };
}

describe.skipIf(workerdProgram === null)('a worker that registers a provider', () => {
  test('as the page shows it gets the spans of each drain, and the receiver their traceparent', async () => {
    const { receiver, drainOrder } = await serveShop(worker);
    await drainOrder(1, 1);
    const named = await drainOrder(2, 2);

    const drains = named('walhook.drain');
    const rounds = named('walhook.round');
    const attempts = named('walhook.attempt');
    expect(new Set(drains.map(({ trace }) => trace)).size).toBe(2);
    expect(rounds.map(({ parent }) => parent)).toEqual(drains.map(({ id }) => id));
    const [first, second] = rounds;
    expect(attempts.map(({ parent }) => parent)).toEqual([first!.id, first!.id, second!.id]);
    expect(receiver.requests.map(({ headers }) => headers['traceparent'])).toEqual(
      attempts.map(({ trace, id }) => `00-${trace}-${id}-01`),
    );
  });

  test('gets them below a span of its own, where there is a context manager', async () => {
    const { receiver, drainOrder } = await serveShop(nested);
    const named = await drainOrder(1, 1);
    const [own] = named('own');
    expect(named('walhook.drain')).toMatchObject([{ trace: own!.trace, parent: own!.id }]);
    expect(receiver.requests.map(({ headers }) => headers['traceparent'])).toEqual(
      named('walhook.attempt').map(({ id }) => `00-${own!.trace}-${id}-01`),
    );
  });
});
