import { walhook } from '../cli/walhook.ts';
import { reportIn, type Trigger } from './trigger.ts';

export const cliTrigger: Trigger = {
  name: 'walhook drain',
  says: {
    caught_up: 'exit 0',
    deadline: 'exit 0',
    held: 'exit 3',
    busy: 'exit 4',
    failed: 'exit 1',
    config_invalid: 'exit 2',
  },
  start: ({ env }) =>
    Promise.resolve({
      async drain() {
        const { code, stdout } = await walhook(['drain', '--json'], env);
        return { said: `exit ${code}`, report: reportIn(stdout) };
      },
      close: () => Promise.resolve(),
    }),
  async refuse(env) {
    const { code, stderr } = await walhook(['drain'], env);
    return { said: `exit ${code}`, told: stderr };
  },
};
