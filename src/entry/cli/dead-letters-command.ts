import type { Command } from 'commander';
import {
  chooseDeadLetters,
  discardDeadLetters,
  listDeadLetters,
  showDeadLetter,
} from '../../operations/dead-letters.ts';
import {
  describeDeadLetter,
  describeWholeDeadLetter,
} from '../../operations/described-dead-letter.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import {
  addSelectionOptions,
  filterOf,
  requireSelection,
  type SelectionFlags,
} from './dead-letter-selection.ts';
import { deadLetterLines, deadLetterTable } from './dead-letter-text.ts';
import { option, parseCount, parseId } from './options.ts';
import { addRedriveCommand } from './redrive-command.ts';
import { confirm } from './typed-confirmation.ts';

type ListFlags = SelectionFlags & { readonly limit?: number };
type DiscardFlags = ListFlags & { readonly all?: boolean; readonly yes?: boolean };

const DEFAULT_LIMIT = 20;

export function addDeadLettersCommand(program: Command, runs: Runs): void {
  const deadLetters = program
    .command('dead-letters')
    .summary('list, show, redrive or discard refused events')
    .description(
      'Lists, shows, sends again or forgets events that an endpoint refused for good, or that were too large to be read.',
    )
    .addHelpText('after', '\nExample:\n  walhook dead-letters list');
  addListCommand(deadLetters, runs);
  addShowCommand(deadLetters, runs);
  addRedriveCommand(deadLetters, runs);
  addDiscardCommand(deadLetters, runs);
}

function addListCommand(deadLetters: Command, runs: Runs): void {
  const command = deadLetters
    .command('list')
    .summary('what was refused, and why')
    .description('Lists dead letters, the latest first, without their content.');
  addSelectionOptions(command)
    .addOption(
      option('--limit <count>', `at the most this many; default: ${DEFAULT_LIMIT}`, parseCount),
    )
    .addHelpText('after', '\nExample:\n  walhook dead-letters list --endpoint orders --since 2h');
  runs<ListFlags>(command, async (session, { limit = DEFAULT_LIMIT, ...selection }) => {
    const config = await session.loadConfig();
    const { letters, total } = await withPipeline(config, nodePlatform, (access) =>
      listDeadLetters(access, filterOf(selection), limit),
    );
    if (session.json) {
      const { pipeline } = config;
      session.result({ pipeline, total, dead_letters: letters.map(describeDeadLetter) });
      return 0;
    }
    if (total === 0) {
      session.say('there are none');
      return 0;
    }
    const now = nodePlatform.clock.now();
    for (const line of deadLetterTable(letters, now, session.terminal.width)) {
      session.terminal.data(session.redact(line));
    }
    if (total > letters.length)
      session.say(`the latest ${letters.length} of ${total}; --limit shows more`);
    return 0;
  });
}

function addShowCommand(deadLetters: Command, runs: Runs): void {
  const command = deadLetters
    .command('show')
    .argument('<id>', 'as dead-letters list shows it', parseId)
    .summary('all that is kept of one')
    .description(
      'Shows all that is kept of one dead letter: the event as it was sent, and the answer.',
    )
    .addHelpText('after', '\nExample:\n  walhook dead-letters show 1 --json | jq -r .body');
  runs(command, async (session) => {
    const id = BigInt(command.args[0]!);
    const config = await session.loadConfig();
    const letter = await withPipeline(config, nodePlatform, (access) => showDeadLetter(access, id));
    if (session.json) {
      session.result(describeWholeDeadLetter(letter));
      return 0;
    }
    for (const line of deadLetterLines(letter, nodePlatform.clock.now())) {
      session.terminal.data(session.redact(line));
    }
    return 0;
  });
}

function addDiscardCommand(deadLetters: Command, runs: Runs): void {
  const command = deadLetters
    .command('discard')
    .summary('forget events for good')
    .description('Forgets dead letters for good. Says how many there are, and asks first.');
  addSelectionOptions(command)
    .addOption(option('--all', 'all there are'))
    .addOption(option('--limit <count>', 'the oldest this many at the most', parseCount))
    .addOption(option('--yes', 'do not ask'))
    .addHelpText(
      'after',
      '\nExample:\n  walhook dead-letters discard --endpoint orders --until 7d --yes',
    );
  runs<DiscardFlags>(
    command,
    async (session, { all = false, yes = false, limit, ...selection }) => {
      const filter = filterOf(selection);
      requireSelection(filter, all, 'dead-letters discard');
      const config = await session.loadConfig();
      const discarded = await withPipeline(config, nodePlatform, async (access) => {
        const letters = await chooseDeadLetters(access, filter, limit ?? null);
        if (letters.length === 0) return 0;
        const plural = letters.length === 1 ? '' : 's';
        session.say(`This forgets ${letters.length} dead letter${plural} for good.`);
        if (!yes) {
          const called = 'their number';
          const undone = 'nothing was discarded';
          const word = String(letters.length);
          await confirm({ command: 'dead-letters discard', word, called, undone });
        }
        return discardDeadLetters(access, letters);
      });
      if (session.json) session.result({ discarded });
      session.say(discarded === 0 ? 'there are none' : `discarded ${discarded}`);
      return 0;
    },
  );
}
