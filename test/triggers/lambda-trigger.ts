import { bundled } from '../lambda/bundle.ts';
import { type Container, startContainer } from '../lambda/container.ts';
import { schedule } from '../lambda/events.ts';
import { reportsIn, type Environment, type Trigger } from './trigger.ts';

let folder: string | null = null;

function startFunction(env: Environment): Promise<Container> {
  folder ??= bundled('examples/lambda/handler.mjs');
  return startContainer(folder, env);
}

async function invoke(container: Container): Promise<{ said: string; told: string }> {
  const invoked = await container.invoke(schedule);
  if (invoked === null) throw new Error('the container ended');
  return { said: invoked.kind, told: JSON.stringify(invoked.body) };
}

/** The bundle that is deployed, in a process as Lambda runs it. */
export const lambdaTrigger: Trigger = {
  name: 'AWS Lambda’s schedule',
  says: {
    caught_up: 'response',
    deadline: 'response',
    held: 'error',
    busy: 'response',
    failed: 'error',
    config_invalid: 'error',
  },
  start({ env }) {
    const all: Container[] = [];
    const idle: Container[] = [];
    const start = async (): Promise<Container> => {
      const container = await startFunction(env);
      all.push(container);
      return container;
    };
    return Promise.resolve({
      async drain() {
        // One invocation at a time: for another Lambda starts another container.
        const container = idle.pop() ?? (await start());
        const { said } = await invoke(container);
        idle.push(container);
        return { said, report: reportsIn(container.log()).at(-1)! };
      },
      close() {
        for (const container of all) container.kill();
        return Promise.resolve();
      },
    });
  },
  async refuse(env) {
    const container = await startFunction(env);
    const refusal = await invoke(container);
    container.kill();
    return refusal;
  },
};
