import { expect, test } from 'vitest';
import { unlimited } from '../../src/delivery/rate-limit.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createHook0Pipeline } from '../support/hook0-pipeline.ts';

test('every request to Hook0 goes through the rate limit of its endpoint', async () => {
  const tables = Array.from({ length: 8 }, (_, n) => `create table t${n} (id int primary key);`);
  const { hook0, pipeline } = await createHook0Pipeline(tables.join('\n'));
  for (let n = 0; n < 8; n++) await pipeline.database.query(`insert into t${n} values (1)`);
  let turns = 0;
  const platform: typeof nodePlatform = {
    ...nodePlatform,
    openRateLimit: (_settings, { clock }) => {
      const limit = unlimited(clock);
      const acquire: typeof limit.acquire = (events, signal) => {
        turns += 1;
        return limit.acquire(events, signal);
      };
      return Promise.resolve({ ...limit, acquire });
    },
  };
  expect(await pipeline.drain({ platform })).toMatchObject({ status: 'caught_up' });
  // Eight events that want a type, their types, and the events once more.
  expect([hook0.calls.length, turns]).toEqual([24, 24]);
});
