import type { Command } from 'commander';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { serve } from '../../runtime/serve.ts';
import type { Runs } from './command.ts';
import { stopOnSignals } from './stop-signals.ts';

export function addServeCommand(program: Command, runs: Runs): void {
  const command = program
    .command('serve')
    .summary('the HTTP app, and a drain whenever the WAL moved')
    .description(
      'Answers the HTTP API and drains whenever something was committed, until SIGTERM or SIGINT; then what is under way ends. Several may run: one drains at a time.',
    )
    .addHelpText('after', '\nExample:\n  WALHOOK_TOKEN=a-long-random-text PORT=8080 walhook serve');
  runs(command, async (session) => {
    const config = await session.loadConfig();
    session.terminal.surviveClosedStdout();
    const { signal, dispose } = stopOnSignals((name) =>
      session.say(`${name}: stopping; once more to exit at once`),
    );
    try {
      const isClean = await serve({ config, platform: nodePlatform, log: session.log(), signal });
      if (isClean) return 0;
      // What has not ended keeps the process alive, however long it takes.
      session.say('something was still under way; the next drain goes on from the last checkpoint');
      process.exit(1);
    } finally {
      dispose();
    }
  });
}
