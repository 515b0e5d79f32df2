import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { DrainerSupply } from '../kill/drainer-process.ts';
import { STORING_STEPS } from '../kill/plan.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { chaosRun } from './chaos-run.ts';

/** scripts/seeded-runs.mjs asks for more. */
const runs = Number(process.env['WALHOOK_SEEDED_RUNS'] ?? 1);
const firstSeed = Number(process.env['WALHOOK_FIRST_SEED'] ?? 1);
const MS_PER_RUN = 150_000;

let server: EmbeddedServer;
const supply = new DrainerSupply();
beforeAll(async () => {
  // The pipeline's slot, the reference's, and two that a drain may have or that are taken.
  server = await startPrivateServer({ max_replication_slots: '4' });
});
afterAll(() => supply.close());

test(
  'ten endpoints in any shape, killed and paused at random, end up as the source is',
  async () => {
    const failures: unknown[] = [];
    const killedAt = new Set<string>();
    let parked = 0;
    let deadLettered = 0;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      try {
        const result = await chaosRun(seed, server.url(), supply);
        for (const step of result.killedAt) killedAt.add(step);
        parked += result.parked;
        deadLettered += result.deadLettered;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : error);
      }
    }

    expect(failures).toEqual([]);
    // A few seeds may do without; many that never park would test something else.
    const expected = runs < 3 ? [] : ['parked', 'dead-lettered'];
    const found = [parked > 0 && 'parked', deadLettered > 0 && 'dead-lettered'];
    expect(found).toEqual(expect.arrayContaining(expected));
    const steps = runs < 50 ? [] : STORING_STEPS;
    expect([...killedAt]).toEqual(expect.arrayContaining([...steps]));
  },
  runs * MS_PER_RUN,
);
