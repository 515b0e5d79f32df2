import type { Command } from 'commander';
import { runDemo } from '../../demo/run-demo.ts';
import { demoTools } from '../../runtime/demo-tools.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import { stopOnSignals } from './stop-signals.ts';

export function addDemoCommand(program: Command, runs: Runs): void {
  const command = program
    .command('demo')
    .summary('a shop, drains and a receiver, to look at')
    .description(
      'Starts a PostgreSQL server of its own, a shop with traffic and a receiver that checks everything; drains, and compares. Takes some seconds and cleans up. Needs no configuration.',
    )
    .addHelpText('after', '\nExample:\n  npx walhook demo');
  runs(command, async (session) => {
    const lines: string[] = [];
    const say = (line: string): void => {
      lines.push(line);
      if (session.json) return;
      // A line of data is one line: its breaks are the story's own.
      for (const each of line.split('\n')) session.terminal.data(each);
    };
    const { signal, dispose } = stopOnSignals(() => say('Stopping …'));
    try {
      const equal = await runDemo({ ...demoTools(nodePlatform), say, signal });
      if (session.json) session.result({ equal, story: lines });
      return equal ? 0 : 1;
    } finally {
      dispose();
    }
  });
}
