import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { measureFloor } from '../set-up/floor.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'One event a request';

const PER_TRANSACTION = 1_000;
const CASES = [
  { connections: 16, events: 50_000 },
  { connections: 1, events: 20_000 },
];

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, receiver, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const drainSingly = async ({ connections, events }) => {
        await items.add(events, PER_TRANSACTION);
        const floorMs = await measureFloor(source);
        const before = await receiver.received();
        const single = config({ batch: { maxEvents: 1 }, concurrency: connections });
        const drained = await drainer.drain(single, events);
        const after = await receiver.received();
        const requests = after.requests - before.requests;
        if (requests !== events) throw new Error(`${requests} requests for ${events} events`);
        return { floorMs, ...drained };
      };

      const figures = [];
      for (const { connections, events: unscaled } of CASES) {
        const events = scaled(unscaled);
        await drainSingly({ connections, events: scaled(5_000) });
        const drains = [];
        for (let round = 0; round < rounds; round += 1) {
          drains.push(await drainSingly({ connections, events }));
        }
        figures.push(...describe(drains, connections, events));
      }
      return figures;
    }),
  );
}

function describe(drains, connections, events) {
  const over = `over ${connections} connection${connections === 1 ? '' : 's'}`;
  return [
    figure(
      over,
      'requests/s',
      drains.map(({ wallMs }) => (events / wallMs) * 1_000),
      { headline: true },
    ),
    figure(
      `${over}, times the floor`,
      '×',
      drains.map(({ wallMs, floorMs }) => wallMs / floorMs),
    ),
    figure(
      `${over}, Node CPU`,
      'µs/event',
      drains.map(({ cpuUs }) => cpuUs / events),
    ),
  ];
}
