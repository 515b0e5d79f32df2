import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { WalhookError } from '../../errors/walhook-error.ts';
import { destroy, destroyPlan, type DestroyStep } from '../../operations/destroy.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { option } from './options.ts';
import type { Runs } from './command.ts';
import type { Session } from './session.ts';

type DestroyFlags = { readonly yes?: boolean };

export function addDestroyCommand(program: Command, runs: Runs): void {
  const command = program
    .command('destroy')
    .summary('drop slot, publication and state')
    .description(
      'Drops the slot with every change it still holds, the publication and the state of the pipeline. Asks first.',
    )
    .addOption(option('--yes', 'do not ask'))
    .addHelpText('after', '\nExample:\n  walhook destroy --yes');
  runs<DestroyFlags>(command, async (session, flags) => {
    const config = await session.loadConfig();
    const steps: DestroyStep[] = [];
    await withPipeline(config, nodePlatform, async (access) => {
      session.say(destroyPlan(access));
      if (flags.yes !== true) await confirm(config.slot);
      await destroy(access, (step) => {
        steps.push(step);
        say(session, step);
      });
    });
    if (session.json) session.result({ pipeline: config.pipeline, steps });
    return 0;
  });
}

function say(session: Session, { outcome, text }: DestroyStep): void {
  session.say(`${outcome === 'dropped' ? 'dropped  ' : 'not there'}  ${text}`);
}

/** Throws usage, unless somebody types the slot's name. */
async function confirm(slot: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new WalhookError('usage', 'destroy asks on a terminal; without one it needs --yes', {
      remedy: 'Run walhook destroy --yes, if you mean it.',
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Type the slot's name (${slot}) to go on: `);
    if (answer.trim() === slot) return;
  } finally {
    prompt.close();
  }
  throw new WalhookError('usage', 'not confirmed; nothing was dropped', {
    remedy: "Type the slot's name to confirm.",
  });
}
