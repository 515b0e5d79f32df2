import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readMetrics } from '../../src/operations/metrics.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { parseExposition } from './prometheus-text.ts';

/** More than the reports that status shows. */
const HELD_DRAINS = 7;

type Rules = { groups: { rules: { alert: string; expr: string }[] }[] };
const file = new URL('../../examples/grafana/alerts.yml', import.meta.url);
const { groups } = parse(readFileSync(file, 'utf8')) as Rules;
const rule = groups
  .flatMap(({ rules }) => rules)
  .find(({ alert }) => alert === 'WalhookNotCatchingUp')!;

type Scrape = { readonly at: number; readonly values: ReadonlyMap<string, number> };

async function scrape({ config }: TestPipeline, at: number): Promise<Scrape> {
  const text = await withPipeline(config, nodePlatform, (access) => readMetrics(access, at));
  const values = parseExposition(text).flatMap(({ name, samples }) =>
    samples.map(({ value }) => [name, value] as const),
  );
  return { at, values: new Map(values) };
}

/** Of one pipeline: `a > 1 or b > 2`, where a side is a metric's max, or the time since it. */
function fires(expr: string, { at, values }: Scrape): boolean {
  return expr.split(' or ').some((part) => {
    const match = /^(time\(\) - )?max by \(pipeline\) \((\w+)\) > (\d+)$/.exec(part);
    if (match === null) throw new Error(`another kind of expression: ${part}`);
    const [, since, metric, threshold] = match;
    const value = values.get(metric!);
    if (value === undefined) return false;
    return (since === undefined ? value : at / 1_000 - value) > Number(threshold);
  });
}

async function pipelineTo(url: string): Promise<TestPipeline> {
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url,
          retry: { attempts: 1, minDelayMs: 0 },
          onUnavailable: 'hold',
        },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  return pipeline;
}

async function drainHeld(pipeline: TestPipeline): Promise<void> {
  for (let drains = 0; drains < HELD_DRAINS; drains += 1) {
    await pipeline.forgetFailures();
    expect((await pipeline.drain()).status).toBe('held');
  }
}

const MINUTES_14 = 14 * 60_000;
const MINUTES_16 = 16 * 60_000;

it('an endpoint that stays held is told of, however often it is drained', async () => {
  const receiver = await startReceiver();
  const pipeline = await pipelineTo(receiver.url);
  const began = Date.now();
  expect((await pipeline.drain()).status).toBe('caught_up');
  const ended = Date.now();
  receiver.answerWith(() => 503);
  await pipeline.database.query('insert into t values (2)');
  await drainHeld(pipeline);

  const late = await scrape(pipeline, ended + MINUTES_16);
  expect(late.values.get('walhook_last_success_timestamp_seconds')).toBeGreaterThanOrEqual(
    began / 1_000,
  );
  expect(late.values.get('walhook_last_success_timestamp_seconds')).toBeLessThanOrEqual(
    ended / 1_000,
  );
  expect(late.values.get('walhook_lag_seconds')).toBeGreaterThanOrEqual(MINUTES_16 / 1_000);
  expect(fires(rule.expr, late)).toBe(true);
  expect(fires(rule.expr, await scrape(pipeline, began + MINUTES_14))).toBe(false);

  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(fires(rule.expr, await scrape(pipeline, Date.now() + MINUTES_14))).toBe(false);
});

it('so is one that has never taken anything', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(receiver.url);
  await drainHeld(pipeline);
  const late = await scrape(pipeline, Date.now() + MINUTES_16);
  expect(late.values.has('walhook_last_success_timestamp_seconds')).toBe(false);
  expect(fires(rule.expr, late)).toBe(true);
});
