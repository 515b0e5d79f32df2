import type { WalhookConfig } from '../config/schema.ts';
import { parseWorkerConfig } from '../config/worker-config.ts';
import { logLevelOf } from '../runtime/log-level.ts';
import {
  type WorkerBindings,
  workerHandlers,
  type WorkerHandlers,
  type WorkerSetup,
} from '../runtime/worker-handler.ts';

export { defineConfig, env } from '../config/define.ts';
export type { WalhookConfig } from '../config/schema.ts';
export type { WorkerBindings, WorkerContext, WorkerHandlers } from '../runtime/worker-handler.ts';

/**
 * The handlers of a Cloudflare Worker: `scheduled` drains, `fetch` is the HTTP app. The configuration
 * is what is given, or made from the bindings, with the worker's variables and secrets laid over it;
 * without any, those alone. Both handlers report what is wrong with it with every call.
 * @see docs/cloudflare.md
 */
export function createWorker(
  config: WalhookConfig | ((env: WorkerBindings) => WalhookConfig) | null = null,
): WorkerHandlers {
  const setups = new WeakMap<WorkerBindings, WorkerSetup>();
  return workerHandlers((bindings) => {
    const known = setups.get(bindings);
    if (known !== undefined) return known;
    const given = typeof config === 'function' ? config(bindings) : config;
    const setup = { ...parseWorkerConfig(given, bindings), logLevel: logLevelOf(bindings) };
    setups.set(bindings, setup);
    return setup;
  });
}

/** By variables and secrets alone. */
const worker: WorkerHandlers = createWorker();
export default worker;
