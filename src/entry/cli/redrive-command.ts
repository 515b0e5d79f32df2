import type { Command } from 'commander';
import type { ResolvedConfig } from '../../config/schema.ts';
import type { DeadLetterKey } from '../../drain/state-store.ts';
import { ERRORS } from '../../errors/catalogue.ts';
import { chooseDeadLetters } from '../../operations/dead-letters.ts';
import type { PipelineAccess } from '../../operations/pipeline.ts';
import { type Redriven, redriveDeadLetters } from '../../operations/redrive-dead-letters.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { endpointSetup } from '../../runtime/endpoints.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import {
  addSelectionOptions,
  filterOf,
  requireSelection,
  type SelectionFlags,
} from './dead-letter-selection.ts';
import { option, parseCount } from './options.ts';
import type { Session } from './session.ts';
import { stopOnSignals } from './stop-signals.ts';

type RedriveFlags = SelectionFlags & {
  readonly all?: boolean;
  readonly limit?: number;
  readonly asIs?: boolean;
};

export function addRedriveCommand(deadLetters: Command, runs: Runs): void {
  const command = deadLetters
    .command('redrive')
    .summary('send events again')
    .description(
      'Sends dead letters again, each alone and under its own id, the oldest first. One that is taken is gone; one that is refused stays, with the new answer. Exits with 3 where an endpoint is unavailable or paused, with 1 where one refused again.',
    );
  addSelectionOptions(command)
    .addOption(option('--all', 'all there are'))
    .addOption(option('--limit <count>', 'the oldest this many at the most', parseCount))
    .addOption(option('--as-is', 'also what its filter or transform failed for, as it was before'))
    .addHelpText('after', '\nExample:\n  walhook dead-letters redrive --endpoint orders --limit 1');
  runs<RedriveFlags>(
    command,
    async (session, { all = false, asIs = false, limit, ...selection }) => {
      const filter = filterOf(selection);
      requireSelection(filter, all, 'dead-letters redrive');
      const config = await session.loadConfig();
      const letters = await withPipeline(config, nodePlatform, (access) =>
        chooseDeadLetters(access, filter, limit ?? null),
      );
      const redriven = await redriveUntilSignal(session, config, letters, asIs);
      for (const line of resultLines(session, redriven)) print(session, config, line);
      return exitCodeOf(redriven);
    },
  );
}

async function redriveUntilSignal(
  session: Session,
  config: ResolvedConfig,
  letters: readonly DeadLetterKey[],
  asIs: boolean,
): Promise<readonly Redriven[]> {
  const { terminal } = session;
  const { signal, dispose } = stopOnSignals((name) =>
    session.say(`${name}: stopping; once more to exit at once`),
  );
  const tools = {
    withPipeline: <T>(use: (access: PipelineAccess) => Promise<T>) =>
      withPipeline(config, nodePlatform, use),
    endpoints: config.endpoints.map((each) => endpointSetup(each, config, nodePlatform)),
    signal,
    warn: (message: string) => session.say(message),
    asIs,
  };
  const done: Redriven[] = [];
  try {
    await redriveDeadLetters(tools, letters, (redriven) => {
      done.push(redriven);
      if (!session.json) terminal.status(`${done.length} of ${letters.length}`);
      if (redriven.outcome !== 'delivered') session.say(problemLine(redriven));
    });
    return done;
  } finally {
    terminal.endStatus();
    dispose();
  }
}

function problemLine({ id, endpoint, outcome, detail }: Redriven): string {
  return `${id} of "${endpoint}": ${OUTCOME_TEXT[outcome]}${detail === null ? '' : `: ${detail}`}`;
}

const OUTCOME_TEXT: Readonly<Record<Redriven['outcome'], string>> = {
  delivered: 'delivered',
  refused: 'refused again, and kept',
  unavailable: 'not taken, and kept',
  unsendable: 'cannot be sent, and is kept',
  taken: 'not there',
  left: 'left',
};

function resultLines({ json }: Session, redriven: readonly Redriven[]): string[] {
  const delivered = redriven.filter(({ outcome }) => outcome === 'delivered').length;
  if (json) {
    const letters = redriven.map(({ id, ...rest }) => ({ id: String(id), ...rest }));
    return [
      JSON.stringify({ delivered, kept: redriven.length - delivered, dead_letters: letters }),
    ];
  }
  if (redriven.length === 0) return ['there are none'];
  return [`${delivered} of ${redriven.length} delivered`];
}

/** Where events themselves go to standard output, nothing else does. */
function print(session: Session, config: ResolvedConfig, line: string): void {
  const text = session.redact(line);
  const eventsOnStdout = config.endpoints.some(({ type }) => type === 'stdout');
  if (session.json && !eventsOnStdout) session.terminal.data(text);
  else session.terminal.say(text);
}

function exitCodeOf(redriven: readonly Redriven[]): number {
  const outcomes = new Set(redriven.map(({ outcome }) => outcome));
  if (outcomes.has('unavailable') || outcomes.has('left')) return ERRORS.endpoint_held.exitCode;
  return outcomes.has('refused') || outcomes.has('unsendable') ? 1 : 0;
}
