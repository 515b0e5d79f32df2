import type { DeadLetterKey } from '../../src/drain/state-store.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { PipelineAccess } from '../../src/operations/pipeline.ts';
import { type Redriven, redriveDeadLetters } from '../../src/operations/redrive-dead-letters.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { endpointSetup } from '../../src/runtime/endpoints.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline, type PipelineOptions, type TestPipeline } from '../support/pipeline.ts';

/** A pipeline over `orders (id)`, after a drain that met `count` rows. */
export async function drainedOrders(
  options: PipelineOptions,
  count: number,
): Promise<TestPipeline> {
  const pipeline = await createPipeline(options, 'create table orders (id int primary key)');
  await pipeline.database.query('insert into orders select generate_series(1, $1::int)', [count]);
  await pipeline.drain();
  return pipeline;
}

export function onPipeline<T>(
  { config }: TestPipeline,
  use: (access: PipelineAccess) => Promise<T>,
): Promise<T> {
  return withPipeline(config, nodePlatform, use);
}

export function lettersOf(pipeline: TestPipeline) {
  return onPipeline(pipeline, ({ state, pipeline: { name } }) =>
    state.listDeadLetters(name, {}, 1_000),
  );
}

export function keysOf(pipeline: TestPipeline): Promise<readonly DeadLetterKey[]> {
  return onPipeline(pipeline, ({ state, pipeline: { name } }) => state.findDeadLetters(name, {}));
}

export async function redrive(
  config: ResolvedConfig,
  letters: readonly DeadLetterKey[],
  changes: { readonly signal?: AbortSignal; readonly asIs?: boolean } = {},
): Promise<readonly Redriven[]> {
  const told: Redriven[] = [];
  const tools = {
    withPipeline: <T>(use: (access: PipelineAccess) => Promise<T>) =>
      withPipeline(config, nodePlatform, use),
    endpoints: config.endpoints.map((each) => endpointSetup(each, config, nodePlatform)),
    signal: new AbortController().signal,
    warn: () => undefined,
    asIs: false,
    ...changes,
  };
  await redriveDeadLetters(tools, letters, (redriven) => told.push(redriven));
  return told;
}
