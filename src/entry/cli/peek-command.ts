import type { Command } from 'commander';
import { peek } from '../../operations/peek.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { option, parseCount } from './options.ts';
import type { Runs } from './command.ts';

type PeekFlags = { readonly limit?: number };

const DEFAULT_LIMIT = 10;

export function addPeekCommand(program: Command, runs: Runs): void {
  const command = program
    .command('peek')
    .summary('print pending change events, consume none')
    .description(
      'Prints change events that wait in the slot, one line of JSON each, and leaves them there.',
    )
    .addOption(
      option(
        '--limit <count>',
        `print this many at the most; default: ${DEFAULT_LIMIT}`,
        parseCount,
      ),
    )
    .addHelpText('after', '\nExample:\n  walhook peek --limit 1 | jq .after');
  runs<PeekFlags>(command, async (session, { limit = DEFAULT_LIMIT }) => {
    const config = await session.loadConfig();
    const keys = new Map(Object.entries(config.keys));
    const print = (json: string): void => session.terminal.data(json);
    const printed = await withPipeline(config, nodePlatform, (access) =>
      peek(access, { limit, keys, print }),
    );
    if (printed === 0) session.say('nothing is pending');
    return 0;
  });
}
