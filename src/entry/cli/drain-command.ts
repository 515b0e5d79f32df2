import type { Command } from 'commander';
import type { ResolvedConfig } from '../../config/schema.ts';
import type { DrainReport } from '../../drain/report.ts';
import { WalhookError } from '../../errors/walhook-error.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { runDrain } from '../../runtime/run-drain.ts';
import { drainProgressLine } from './drain-progress.ts';
import { drainSummary } from './drain-summary.ts';
import { exitCodeOfReport, failureText } from './failure.ts';
import { addTableOptions, initAndSay, type InitFlags } from './init-command.ts';
import { option, parseCount, parseDuration } from './options.ts';
import type { Runs } from './command.ts';
import type { Session } from './session.ts';
import { stopOnSignals } from './stop-signals.ts';

type DrainFlags = InitFlags & {
  readonly init?: boolean;
  readonly deadline?: number;
  readonly maxChanges?: number;
  readonly endpointUrl?: string;
};

export function addDrainCommand(program: Command, runs: Runs): void {
  const command = program
    .command('drain')
    .summary('deliver what was committed, move the slot, exit')
    .description(
      'Delivers what was committed up to now, moves the slot past what was confirmed, and exits.',
    )
    .addOption(
      option('--deadline <time>', 'stop cleanly after this time: 500ms, 25s, 2m', parseDuration),
    )
    .addOption(option('--max-changes <count>', 'stop cleanly after this many changes', parseCount))
    .addOption(option('--endpoint-url <url>', 'send there, whatever endpoints are configured'))
    .addOption(option('--init', 'first create what is missing, as walhook init does'));
  addTableOptions(command).addHelpText(
    'after',
    '\nExample:\n  DATABASE_URL=postgres://me@db/shop walhook drain --init --endpoint-url https://example.com/hooks --deadline 25s',
  );
  runs<DrainFlags>(command, async (session, flags) => {
    const { deadline: deadlineMs, maxChanges, endpointUrl } = flags;
    const config = await session.loadConfig({ deadlineMs, maxChanges, endpointUrl });
    session.terminal.surviveClosedStdout();
    if (flags.init === true) await initAndSay(session, config, flags);
    const report = await drainUntilSignal(session, config);
    show(session, config, report);
    return exitCodeOfReport(report);
  });
}

async function drainUntilSignal(session: Session, config: ResolvedConfig): Promise<DrainReport> {
  const { terminal } = session;
  const { signal, dispose } = stopOnSignals((name) =>
    session.say(`${name}: stopping; once more to exit at once`),
  );
  try {
    return await runDrain({
      config,
      platform: nodePlatform,
      log: session.log(),
      signal,
      onProgress: session.json
        ? undefined
        : drainProgressLine(nodePlatform.clock, (text) => terminal.status(text)),
    });
  } finally {
    terminal.endStatus();
    dispose();
  }
}

function show(session: Session, config: ResolvedConfig, report: DrainReport): void {
  const eventsOnStdout = config.endpoints.some(({ type }) => type === 'stdout');
  if (session.json) {
    if (eventsOnStdout) session.terminal.say(JSON.stringify(report));
    else session.terminal.data(JSON.stringify(report));
    return;
  }
  if (report.error !== null) {
    const { code, message, detail, remedy } = report.error;
    const error = new WalhookError(code, message, { detail: detail ?? undefined, remedy });
    const { json, redact } = session;
    session.terminal.sayLines(failureText(error, { json, debug: false, redact }));
  }
  for (const line of drainSummary(report)) session.say(line);
}
