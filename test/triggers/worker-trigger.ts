import { workerdProgram } from '../receiver/runtimes.ts';
import { bundleWorker } from '../worker/bundle.ts';
import { serveWorker, type WorkerProcess } from '../worker/workerd.ts';
import { type Environment, reportsIn, type Trigger } from './trigger.ts';

let bundle: ReturnType<typeof bundleWorker> | null = null;

async function startWorker(vars: Environment): Promise<WorkerProcess> {
  bundle ??= bundleWorker({ file: 'src/entry/worker.ts' });
  return serveWorker(workerdProgram!, (await bundle).text, { vars });
}

/** In workerd. */
export const workerTrigger: Trigger = {
  name: 'a Cloudflare Worker’s schedule',
  says: {
    caught_up: 'ok',
    deadline: 'ok',
    held: 'exception',
    busy: 'ok',
    failed: 'exception',
    config_invalid: 'exception',
  },
  async start({ env }) {
    const worker = await startWorker(env);
    let drains = 0;
    return {
      async drain() {
        const { outcome } = await worker.scheduled();
        // Of two at once the one that ends first answers first, too.
        drains += 1;
        const lines = await worker.said.waitFor(/"msg":"drained"/, drains);
        return { said: outcome, report: reportsIn(lines.join('\n'))[drains - 1]! };
      },
      close: () => Promise.resolve(),
    };
  },
  async refuse(env) {
    const worker = await startWorker(env);
    const { outcome } = await worker.scheduled();
    const lines = await worker.said.waitFor(/"msg":"cannot start"/);
    return { said: outcome, told: lines.join('\n') };
  },
};
