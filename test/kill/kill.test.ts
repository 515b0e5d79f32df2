import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { DrainerSupply } from './drainer-process.ts';
import { killRun } from './kill-run.ts';
import { STEPS } from './plan.ts';

/** scripts/seeded-runs.mjs asks for more. */
const runs = Number(process.env['WALHOOK_SEEDED_RUNS'] ?? 8);
const firstSeed = Number(process.env['WALHOOK_FIRST_SEED'] ?? 1);
const MS_PER_RUN = 30_000;

let server: EmbeddedServer;
const supply = new DrainerSupply();
beforeAll(async () => {
  // The pipeline's slot, the reference's, and two that a drain may have or that are taken.
  server = await startPrivateServer({ max_replication_slots: '4' });
});
afterAll(() => supply.close());

test(
  'killed anywhere, a drain goes on: nothing lost, in order, nothing again that was recorded',
  async () => {
    const killedAt = new Set<string>();
    const failures: unknown[] = [];
    let drainers = 0;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      try {
        const result = await killRun(seed, server.url(), supply);
        drainers += result.drainers;
        for (const kill of result.kills) killedAt.add(kill);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : error);
      }
    }

    expect(failures).toEqual([]);
    expect(drainers).toBeGreaterThan(runs);
    // The steps take turns, but a few seeds may not go through all of them.
    const expected = runs < 50 ? [] : [...STEPS, 'die at request'];
    expect(expected.filter((kill) => !killedAt.has(kill))).toEqual([]);
  },
  runs * MS_PER_RUN,
);
