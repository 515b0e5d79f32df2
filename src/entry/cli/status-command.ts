import type { Command } from 'commander';
import { readStatus } from '../../operations/status.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import { statusLines } from './status-text.ts';

export function addStatusCommand(program: Command, runs: Runs): void {
  const command = program
    .command('status')
    .summary('slot, lag, WAL held, endpoints, last runs')
    .description('Says what is wrong first, then slot, lag, WAL held, endpoints and last runs.')
    .addHelpText('after', '\nExample:\n  walhook status --json | jq .slot.lag_bytes');
  runs(command, async (session) => {
    const config = await session.loadConfig();
    const now = nodePlatform.clock.now();
    const status = await withPipeline(config, nodePlatform, (access) => readStatus(access, now));
    if (session.json) session.result(status);
    else {
      const lines = statusLines(status, now, session.terminal.width);
      for (const line of lines) session.terminal.data(session.redact(line));
    }
    return 0;
  });
}
