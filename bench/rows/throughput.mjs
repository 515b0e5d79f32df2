import { figure } from '../figures/figure.mjs';
import { cliIsBuilt, drainByCli } from '../set-up/cli.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { measureFloor } from '../set-up/floor.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = '200,000 inserts in transactions of 1,000, batches of 500, concurrency 4';

const PER_TRANSACTION = 1_000;

export function measure({ rounds, scaled }) {
  const events = scaled(200_000);
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      await items.add(scaled(50_000), PER_TRANSACTION);
      await drainer.drain(config());

      const warm = [];
      const byCli = [];
      for (let round = 0; round < rounds; round += 1) {
        await items.add(events, PER_TRANSACTION);
        const floorMs = await measureFloor(source);
        warm.push({ floorMs, ...(await drainer.drain(config(), events)) });
        if (!cliIsBuilt) continue;
        await items.add(events, PER_TRANSACTION);
        const cliFloorMs = await measureFloor(source);
        byCli.push({ floorMs: cliFloorMs, wallMs: await drainByCli(config(), events) });
      }
      return [...describeWarm(warm, events), ...(cliIsBuilt ? describeCli(byCli, events) : [])];
    }),
  );
}

function describeWarm(drains, events) {
  return [
    figure(
      'drain in a warm process, times the floor',
      '×',
      drains.map(({ wallMs, floorMs }) => wallMs / floorMs),
      { target: { atMost: 2.5 }, headline: true },
    ),
    figure('drain in a warm process', 'events/s', perSecond(drains, events), { headline: true }),
    figure(
      'Node CPU',
      'µs/event',
      drains.map(({ cpuUs }) => cpuUs / events),
      { headline: true },
    ),
    figure(
      'floor: Postgres alone',
      'ms',
      drains.map(({ floorMs }) => floorMs),
    ),
  ];
}

function describeCli(drains, events) {
  return [
    figure(
      'whole `walhook drain` process, times the floor',
      '×',
      drains.map(({ wallMs, floorMs }) => wallMs / floorMs),
    ),
    figure('whole `walhook drain` process', 'events/s', perSecond(drains, events)),
  ];
}

function perSecond(drains, events) {
  return drains.map(({ wallMs }) => (events / wallMs) * 1_000);
}
