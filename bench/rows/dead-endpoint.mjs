import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'Nine endpoints, without and with a tenth that is dead';

const PER_TRANSACTION = 1_000;
/** Nobody listens there. */
const REFUSING = 'http://127.0.0.1:9/';

/** How the tenth is dead, and how a drain with it ends. */
const KINDS = [
  { name: 'refuses connections', url: () => REFUSING, status: 'held' },
  { name: 'never answers', url: (base) => `${base}hang/`, status: 'held' },
  { name: 'answers 500', url: (base) => `${base}status/500/`, status: 'held' },
  { name: 'takes 100 ms a request', url: (base) => `${base}wait/100/`, status: 'caught_up' },
];

export function measure({ rounds, scaled }) {
  const events = scaled(50_000);
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, receiver, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const [endpoint] = config().endpoints;
      const nine = Array.from({ length: 9 }, (_, i) => ({
        ...endpoint,
        name: `endpoint-${i}`,
        url: `${endpoint.url}${i}`,
      }));
      /** Milliseconds until each of the nine has everything; the tenth may take longer. */
      const drainNine = async (tenth, status) => {
        // What a dead one held back is not to be read again in the time that is measured, nor by
        // Postgres: the slot's restart_lsn follows a checkpoint later.
        for (let i = 0; i < 3; i += 1) {
          await drainer.drain({ ...config(), endpoints: nine });
          await source.query('checkpoint');
        }
        await items.add(events, PER_TRANSACTION);
        const { startedAtMs } = await drainer.drain(
          { ...config(), endpoints: [...nine, ...tenth] },
          events,
          status,
        );
        const counts = await Promise.all(nine.map((_, i) => receiver.received(`/${i}`)));
        return Math.max(...counts.map(({ lastAt }) => lastAt)) - startedAtMs;
      };

      await drainNine([], 'caught_up');
      const figures = [];
      for (const { name, url, status } of KINDS) {
        const dead = {
          ...endpoint,
          name: 'dead',
          url: url(endpoint.url),
          timeoutMs: 2_000,
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 1_000, resetMs: 0 },
          onUnavailable: 'hold',
        };
        const ratios = [];
        for (let round = 0; round < rounds; round += 1) {
          const aloneMs = await drainNine([], 'caught_up');
          ratios.push(aloneMs / (await drainNine([dead], status)));
        }
        const what = `the nine's throughput while the tenth ${name}, of theirs without it`;
        figures.push(figure(what, '×', ratios, { target: { atLeast: 0.9 } }));
      }
      return figures;
    }),
  );
}
