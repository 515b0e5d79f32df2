import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = '100,000 inserts to one endpoint, and to ten';

const PER_TRANSACTION = 1_000;

export function measure({ rounds, scaled }) {
  const events = scaled(100_000);
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const [endpoint] = config().endpoints;
      const drainTo = async (count) => {
        const endpoints = Array.from({ length: count }, (_, i) => ({
          ...endpoint,
          name: `endpoint-${i}`,
          url: `${endpoint.url}${i}`,
        }));
        await items.add(events, PER_TRANSACTION);
        return drainer.drain({ ...config(), endpoints }, events);
      };

      await drainTo(10);
      const drains = [];
      for (let round = 0; round < rounds; round += 1) {
        drains.push({ one: await drainTo(1), ten: await drainTo(10) });
      }
      return describe(drains, events);
    }),
  );
}

function describe(drains, events) {
  const perSecond = (count) => (drain) => ((count * events) / drain.wallMs) * 1_000;
  return [
    figure(
      'to one endpoint',
      'events/s',
      drains.map(({ one }) => perSecond(1)(one)),
    ),
    figure(
      'to ten endpoints, deliveries of all',
      'events/s',
      drains.map(({ ten }) => perSecond(10)(ten)),
      { headline: true },
    ),
    figure(
      'ten endpoints, times one',
      '×',
      drains.map(({ one, ten }) => ten.wallMs / one.wallMs),
    ),
  ];
}
