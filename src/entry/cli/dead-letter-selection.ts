import type { Command } from 'commander';
import type { DeadLetterFilter } from '../../drain/state-store.ts';
import { WalhookError } from '../../errors/walhook-error.ts';
import { deadLetterFilter, isSelective } from '../../operations/dead-letter-selection.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { instantParser } from './instant.ts';
import { option, parseId, parseList } from './options.ts';

export type SelectionFlags = {
  readonly id?: readonly bigint[];
  readonly endpoint?: string;
  readonly table?: string;
  readonly reason?: string;
  readonly since?: Date;
  readonly until?: Date;
};

/** The options that say which dead letters are meant. */
export function addSelectionOptions(command: Command): Command {
  const parseInstant = instantParser(() => nodePlatform.clock.now());
  return command
    .addOption(
      option('--id <ids>', 'those with these ids, as dead-letters list shows them', parseIds),
    )
    .addOption(option('--endpoint <name>', 'those of this endpoint'))
    .addOption(
      option('--table <name>', 'those of this table: schema.table, or a table of any schema'),
    )
    .addOption(option('--reason <word>', 'those with this reason, like rejected'))
    .addOption(
      option(
        '--since <time>',
        'those since then: 2026-01-31T12:00Z, a date, or 2h (ago)',
        parseInstant,
      ),
    )
    .addOption(
      option('--until <time>', 'those before then, written in the same way', parseInstant),
    );
}

export function filterOf(flags: SelectionFlags): DeadLetterFilter {
  return deadLetterFilter({ ...flags, ids: flags.id });
}

/** Throws usage where nothing says which: a slip of the hand should not mean all of them. */
export function requireSelection(filter: DeadLetterFilter, all: boolean, command: string): void {
  if (isSelective(filter) !== all) return;
  const message = all
    ? '--all and a selection exclude each other'
    : `${command} needs to know which dead letters: name some, or say --all`;
  throw new WalhookError('usage', message, {
    remedy: `walhook ${command} --help lists the options that select them.`,
  });
}

function parseIds(text: string): readonly bigint[] {
  return parseList(text).map(parseId);
}
