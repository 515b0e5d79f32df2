import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'Eight lanes and one, to a receiver that takes 20 ms a request';

const PER_TRANSACTION = 1_000;
const CASES = [
  { maxEvents: 100, events: 40_000 },
  { maxEvents: 1, events: 1_000 },
];

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const [{ url }] = config().endpoints;
      const drainOver = async (concurrency, maxEvents, events) => {
        await items.add(events, PER_TRANSACTION);
        const lanes = { url: `${url}wait/20/`, concurrency, batch: { maxEvents } };
        return (await drainer.drain(config(lanes), events)).wallMs;
      };

      await drainOver(8, 100, scaled(10_000));
      const figures = [];
      for (const { maxEvents, events: unscaled } of CASES) {
        const events = scaled(unscaled);
        const ratios = [];
        for (let round = 0; round < rounds; round += 1) {
          const oneMs = await drainOver(1, maxEvents, events);
          ratios.push(oneMs / (await drainOver(8, maxEvents, events)));
        }
        const what = `eight lanes, times one, ${maxEvents} event${maxEvents === 1 ? '' : 's'} a request`;
        figures.push(figure(what, '×', ratios, { target: { atLeast: 7 }, headline: true }));
      }
      return figures;
    }),
  );
}
