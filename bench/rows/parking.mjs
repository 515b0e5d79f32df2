import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title =
  '100,000 inserts parked for an endpoint that is down, and sent once it is back';

const PER_TRANSACTION = 1_000;

export function measure({ rounds, scaled }) {
  const events = scaled(100_000);
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      const [{ url }] = config().endpoints;
      // Tried once a drain, however short ago it failed; parked at once where it does.
      const policy = {
        retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        circuitBreaker: { failures: 1, resetMs: 0 },
        parkAfterMs: 0,
      };
      const up = config(policy);
      const down = config({ ...policy, url: `${url}status/503/` });

      await items.add(events, PER_TRANSACTION);
      await drainer.drain(up, events);
      const drains = [];
      for (let round = 0; round < rounds; round += 1) {
        await items.add(events, PER_TRANSACTION);
        const direct = await drainer.drain(up, events);
        await items.add(events, PER_TRANSACTION);
        const parked = await drainer.drain(down, events, 'held');
        const replayed = await drainer.drain(up, 0);
        drains.push({ direct, parked, replayed });
      }
      return [...describe('parked', drains, events), ...describe('replayed', drains, events)];
    }),
  );
}

function describe(what, drains, events) {
  return [
    figure(
      what,
      'events/s',
      drains.map((drain) => (events / drain[what].wallMs) * 1_000),
      { headline: true },
    ),
    figure(
      `${what}, times the time of a drain that sends directly`,
      '×',
      drains.map((drain) => drain[what].wallMs / drain.direct.wallMs),
    ),
  ];
}
