import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { measureFloor } from '../set-up/floor.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'Backlogs of 10,000 to 1,000,000 rows';

const SIZES = [10_000, 100_000, 1_000_000];
const TARGET = { atMost: 1.25 };

export async function measure(plan) {
  return [...(await measureLine(plan, 1_000)), ...(await measureLine(plan, 1))];
}

function measureLine({ rounds, scaled }, perTransaction) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const drainBacklog = async (rows) => {
        await items.add(rows, perTransaction);
        const floorMs = await measureFloor(source);
        const { wallMs } = await drainer.drain(config(), rows);
        return { floorMs, wallMs, usPerEvent: (wallMs / rows) * 1_000 };
      };
      await drainBacklog(scaled(50_000));

      const bySize = new Map(SIZES.map((size) => [size, []]));
      for (let round = 0; round < rounds; round += 1) {
        for (const [size, drains] of bySize) drains.push(await drainBacklog(scaled(size)));
      }
      return describe(bySize, `in transactions of ${perTransaction.toLocaleString('en-US')}`);
    }),
  );
}

function describe(bySize, shape) {
  const perSize = [...bySize].flatMap(([size, drains]) => {
    const backlog = `${size.toLocaleString('en-US')} rows ${shape}`;
    return [
      figure(
        backlog,
        'µs/event',
        drains.map(({ usPerEvent }) => usPerEvent),
      ),
      figure(
        `${backlog}, times the floor`,
        '×',
        drains.map(({ wallMs, floorMs }) => wallMs / floorMs),
      ),
    ];
  });
  const hundredThousand = bySize.get(100_000);
  const growth = bySize
    .get(1_000_000)
    .map(({ usPerEvent }, round) => usPerEvent / hundredThousand[round].usPerEvent);
  const name = `cost per event at 1,000,000 by that at 100,000, ${shape}`;
  return [...perSize, figure(name, '×', growth, { target: TARGET, headline: true })];
}
