import { expect, test } from 'vitest';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { judge } from '../../src/health/alerting/judge.ts';
import { diagnose } from '../../src/health/diagnose.ts';
import { type Diagnosis, doctor } from '../../src/operations/doctor/doctor.ts';
import { factsAfterDrain } from '../../src/operations/facts-after-drain.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { endpoint, facts, GiB, RULES, slot } from './facts.ts';

test('a slot that may not be looked at is told of, and what the state tables tell is known all the same', async () => {
  const receiver = await startReceiver(() => 503);
  const hooks = {
    name: 'hooks',
    type: 'http',
    url: receiver.url,
    retry: { attempts: 1, minDelayMs: 0 },
  } as const;
  const pipeline = await createPipeline({ endpoints: [hooks] }, 'create table t (id int)');
  await pipeline.database.query('insert into t values (1)');
  const report = await pipeline.drain();
  const refusal = new WalhookError('privilege_missing', 'permission denied for pg_ls_dir');
  const told: WalhookError[] = [];

  const found = await withPipeline(pipeline.config, nodePlatform, (access) =>
    factsAfterDrain(
      { ...access, database: { ...access.database, readLimits: () => Promise.reject(refusal) } },
      { report, now: nodePlatform.clock.now(), onUnknown: (error) => told.push(error) },
    ),
  );

  expect(told).toEqual([refusal]);
  expect(found).toMatchObject({ slot: null, refusals: null, endpoints: [{ state: 'held' }] });
});

test('an endpoint without an address is not taken for standard output', async () => {
  const found: Diagnosis[] = [];
  const away = new WalhookError('database_unreachable', 'it is away');
  await doctor(
    {
      withPipeline: () => Promise.reject(away),
      endpoints: [
        { name: 'printed', type: 'stdout', url: null },
        { name: 'queued', type: 'queue', url: null },
      ],
      reach: () => Promise.resolve(),
      now: () => 0,
    },
    (diagnosis) => found.push(diagnosis),
  );
  expect(found.slice(-2)).toMatchObject([
    { name: 'endpoint printed', status: 'ok', found: 'standard output' },
    { name: 'endpoint queued', status: 'skipped', found: expect.stringContaining('queue has no') },
  ]);
});

test.each([
  ['slot_near_loss', 69, []],
  ['slot_near_loss', 71, ['slot_near_loss']],
  ['parked_near_cap', 79, []],
  ['parked_near_cap', 81, ['parked_near_cap']],
])('%s is raised from one threshold on, by alerts as by status: at %i %%', (rule, used, raised) => {
  const given = facts({
    slot: slot({ safeBytes: (100 - used) * GiB, maxHeldBytes: 100 * GiB }),
    endpoints: [endpoint({ parkedEvents: used, caps: { events: 100, bytes: GiB } })],
  });
  const isMeant = (name: string): boolean => name === rule;
  const told = judge(given, RULES, []).raised.map((each) => each.rule);
  const said = diagnose(given, RULES).map(({ condition }) => condition);
  expect([told.filter(isMeant), said.filter(isMeant)]).toEqual([raised, raised]);
});
