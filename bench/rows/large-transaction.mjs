import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { measureFloor } from '../set-up/floor.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'One transaction of 1,000,000 rows';

const SMALL = 100_000;
const LARGE = 1_000_000;
const MEGABYTE = 1_000_000;

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, async ({ source, config }) => {
    const items = new ItemInserts(source);
    const drainOne = async (rows) => {
      await items.add(rows, rows);
      const floorMs = await measureFloor(source);
      // A peak is a process's, for all its life: each drain has one of its own.
      const drained = await withDrainer((drainer) => drainer.drain(config(), rows));
      return { floorMs, ...drained };
    };

    const small = [];
    const large = [];
    for (let round = 0; round < rounds; round += 1) {
      small.push(await drainOne(scaled(SMALL)));
      large.push(await drainOne(scaled(LARGE)));
    }
    return [
      figure('peak RSS for 100,000 rows', 'MB', peaks(small)),
      figure('peak RSS', 'MB', peaks(large), { target: { atMost: 200 }, headline: true }),
      figure(
        'peak RSS for 1,000,000 rows by that for 100,000',
        '×',
        large.map(({ peakRssBytes }, round) => peakRssBytes / small[round].peakRssBytes),
        { target: { atMost: 1.15 }, headline: true },
      ),
      figure(
        'peak RSS as sampled every 10 ms',
        'MB',
        large.map(({ sampledRssBytes }) => sampledRssBytes / MEGABYTE),
      ),
      figure(
        'drain in a fresh process, times the floor',
        '×',
        large.map(({ wallMs, floorMs }) => wallMs / floorMs),
      ),
    ];
  });
}

function peaks(drains) {
  return drains.map(({ peakRssBytes }) => peakRssBytes / MEGABYTE);
}
