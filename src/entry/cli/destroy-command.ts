import type { Command } from 'commander';
import { destroy, destroyDoubts, destroyPlan, type DestroyStep } from '../../operations/destroy.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { option } from './options.ts';
import type { Runs } from './command.ts';
import type { Session } from './session.ts';
import { confirm } from './typed-confirmation.ts';

type DestroyFlags = {
  readonly yes?: boolean;
  readonly keepSlot?: boolean;
  readonly keepPublication?: boolean;
};

export function addDestroyCommand(program: Command, runs: Runs): void {
  const command = program
    .command('destroy')
    .summary('drop slot, publication and state')
    .description(
      'Drops the slot with every change it still holds, the publication and the state of the pipeline. Asks first.',
    )
    .addOption(option('--keep-slot', 'leave the slot, which something else reads'))
    .addOption(
      option('--keep-publication', "leave the publication: it is another role's, or still needed"),
    )
    .addOption(option('--yes', 'do not ask'))
    .addHelpText('after', '\nExample:\n  walhook destroy --yes');
  runs<DestroyFlags>(command, async (session, flags) => {
    const config = await session.loadConfig();
    const steps: DestroyStep[] = [];
    await withPipeline(config, nodePlatform, async (access) => {
      session.say(destroyPlan(access, flags));
      for (const doubt of await destroyDoubts(access, flags)) session.say(doubt);
      if (flags.yes !== true) {
        const called = "the slot's name";
        const undone = 'nothing was dropped';
        await confirm({ command: 'destroy', word: config.slot, called, undone });
      }
      const done = (step: DestroyStep): void => {
        steps.push(step);
        say(session, step);
      };
      await destroy(access, done, flags);
    });
    if (session.json) session.result({ pipeline: config.pipeline, steps });
    return 0;
  });
}

function say(session: Session, { outcome, text }: DestroyStep): void {
  const shown = { dropped: 'dropped  ', not_there: 'not there', kept: 'kept     ' }[outcome];
  session.say(`${shown}  ${text}`);
}
