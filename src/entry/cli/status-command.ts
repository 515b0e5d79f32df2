import type { Command } from 'commander';
import { readStatus } from '../../operations/status.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import { exitCodeOfStatus } from './failure.ts';
import { option } from './options.ts';
import { statusLines } from './status-text.ts';

type StatusFlags = { readonly exitCode?: boolean };

export function addStatusCommand(program: Command, runs: Runs): void {
  const command = program
    .command('status')
    .summary('slot, lag, WAL held, endpoints, last runs')
    .description('Says what is wrong first, then slot, lag, WAL held, endpoints and last runs.')
    .addOption(
      option(
        '--exit-code',
        'exit with 1 where something is wrong, with 3 where only an endpoint is held',
      ),
    )
    .addHelpText('after', '\nExample:\n  walhook status --exit-code --json | jq .conditions');
  runs<StatusFlags>(command, async (session, flags) => {
    const config = await session.loadConfig();
    const now = nodePlatform.clock.now();
    const status = await withPipeline(config, nodePlatform, (access) => readStatus(access, now));
    if (session.json) session.result(status);
    else {
      const lines = statusLines(status, now, session.terminal.width);
      for (const line of lines) session.terminal.data(session.redact(line));
    }
    return flags.exitCode === true ? exitCodeOfStatus(status) : 0;
  });
}
