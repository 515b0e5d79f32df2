import type { Command } from 'commander';
import type { ResolvedConfig } from '../../config/schema.ts';
import { WalhookError } from '../../errors/walhook-error.ts';
import { init, type InitOptions } from '../../operations/init.ts';
import type { InitStep } from '../../operations/init-step.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { option, parseList } from './options.ts';
import type { Runs } from './command.ts';
import type { Session } from './session.ts';

export type InitFlags = {
  readonly tables?: readonly string[];
  readonly allTables?: boolean;
  readonly withoutIdentity?: boolean;
  readonly failover?: boolean;
  readonly adopt?: boolean;
};

export function addInitCommand(program: Command, runs: Runs): void {
  const command = program
    .command('init')
    .summary('create what is missing: publication, slot, state tables')
    .description(
      'Checks the server and creates what is missing, in the right order: publication, slot, state tables. Run it as often as you like.',
    );
  addTableOptions(command)
    .addOption(
      option('--failover', 'make a slot that standbys keep up with (PostgreSQL 17 and later)'),
    )
    .addOption(
      option('--adopt', 'go on from the slot as it is, after it was lost, dropped or replaced'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgres://me@db/shop walhook init --tables orders,public.customers',
    );
  runs<InitFlags>(command, async (session, flags) => {
    const config = await session.loadConfig();
    const steps = await initAndSay(session, config, flags);
    if (session.json) session.result({ pipeline: config.pipeline, steps });
    return 0;
  });
}

/** The tables to publish, for all commands that create a publication. */
export function addTableOptions(command: Command): Command {
  return command
    .addOption(
      option('--tables <names>', 'publish these tables, as table or schema.table', parseList),
    )
    .addOption(option('--all-tables', 'publish all tables, also later ones (superuser)'))
    .addOption(
      option('--without-identity', 'also tables whose UPDATE and DELETE fail once published'),
    );
}

export async function initAndSay(
  session: Session,
  config: ResolvedConfig,
  flags: InitFlags,
): Promise<readonly InitStep[]> {
  const options = initOptions(flags);
  const steps: InitStep[] = [];
  await withPipeline(config, nodePlatform, (access) =>
    init(access, options, (step) => {
      steps.push(step);
      session.say(stepText(step));
    }),
  );
  return steps;
}

function initOptions(flags: InitFlags): InitOptions {
  if (flags.tables !== undefined && flags.allTables === true) {
    throw new WalhookError('usage', '--tables and --all-tables exclude each other');
  }
  return {
    tables: flags.tables ?? null,
    allTables: flags.allTables === true,
    withoutIdentity: flags.withoutIdentity === true,
    failover: flags.failover === true,
    adopt: flags.adopt === true,
  };
}

const OUTCOME_TEXT: Readonly<Record<InitStep['outcome'], string>> = {
  ok: 'ok',
  created: 'created',
  already_there: 'already there',
  changed: 'changed',
  adopted: 'adopted',
  warning: 'warning',
};

function stepText({ outcome, text }: InitStep): string {
  return `${OUTCOME_TEXT[outcome].padEnd(13)}  ${text}`;
}
