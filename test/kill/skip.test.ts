import { afterAll, expect, test } from 'vitest';
import type { DrainStep } from '../../src/drain/ports.ts';
import { serverMajorVersion } from '../support/database.ts';
import { lsnOf } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { skip, stuckAt, stuckPipeline, takenBy } from '../support/stuck-pipeline.ts';
import { DrainerSupply } from './drainer-process.ts';
import { STEPS } from './plan.ts';

const drainers = new DrainerSupply();
afterAll(() => drainers.close());

test.skipIf(serverMajorVersion < 15)(
  'a drainer that is killed at any step of a skip leaves it to the next: nothing is lost, and nothing more is skipped',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await stuckPipeline([receiver]);
    const first = await stuckAt(pipeline);
    await skip(pipeline, first);

    const killed: DrainStep[] = [];
    for (const step of STEPS) {
      const at = { step, nth: 1, signal: 'SIGKILL' } as const;
      for (;;) {
        const end = await drainers.take().drain({ config: pipeline.config, at });
        if (end.killed) killed.push(step);
        // Until the server has seen that the session of the one before is gone.
        if (end.report?.status !== 'busy') break;
      }
      const taken = [...new Set(takenBy(receiver))];
      expect(taken).toEqual([1, first, 2].slice(0, taken.length));
    }

    expect(killed).toEqual(
      expect.arrayContaining(['window-read', 'after-send', 'before-checkpoint']),
    );
    const second = await stuckAt(pipeline);
    expect([...new Set(takenBy(receiver))]).toEqual([1, first, 2]);
    expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(first));
    expect(lsnOf(await pipeline.slotAt())).toBeLessThanOrEqual(lsnOf(second));
  },
);
