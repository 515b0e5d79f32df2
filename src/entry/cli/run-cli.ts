import { Command, CommanderError } from 'commander';
import { isWalhookError, WalhookError } from '../../errors/walhook-error.ts';
import { logLevels } from '../../observability/log.ts';
import { VERSION } from '../../version.ts';
import type { Runs } from './command.ts';
import { addDeadLettersCommand } from './dead-letters-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { addDestroyCommand } from './destroy-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addDrainCommand } from './drain-command.ts';
import { addEndpointsCommand } from './endpoints-command.ts';
import { readOptionsFromEnvironment } from './environment-options.ts';
import { exitCodeOf, failureText } from './failure.ts';
import { addInitCommand } from './init-command.ts';
import { choiceOption, option } from './options.ts';
import { addPeekCommand } from './peek-command.ts';
import { addServeCommand } from './serve-command.ts';
import { type GlobalFlags, Session } from './session.ts';
import { addSkipCommand } from './skip-command.ts';
import { addStatusCommand } from './status-command.ts';
import { Terminal } from './terminal.ts';

/** The exit code. Never rejects: whatever goes wrong is said on stderr. */
export async function runCli(args: readonly string[]): Promise<number> {
  const terminal = new Terminal(process.stdout, process.stderr);
  let exitCode = 0;
  let session: Session | null = null;
  const program = createProgram(terminal, (command, action) =>
    command.action(async () => {
      const flags = command.optsWithGlobals<GlobalFlags & Parameters<typeof action>[1]>();
      session = new Session(flags, terminal);
      exitCode = await action(session, flags);
    }),
  );
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, args, session, terminal);
  } finally {
    terminal.close();
  }
}

function createProgram(terminal: Terminal, runs: Runs): Command {
  const program = new Command('walhook')
    .description(
      'Drains a Postgres logical replication slot by plain SQL and delivers every committed change over HTTP.',
    )
    .version(VERSION)
    .addOption(option('--config <file>', 'the configuration file; default: walhook.config.* here'))
    .addOption(option('--json', 'results and errors as JSON'))
    .addOption(choiceOption('--log-level <level>', 'what is logged on stderr', logLevels))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: (text) => terminal.help(text), outputError: () => undefined })
    .showHelpAfterError()
    .exitOverride()
    .hook('preAction', (_, command) => readOptionsFromEnvironment(command, process.env));
  addInitCommand(program, runs);
  addDrainCommand(program, runs);
  addPeekCommand(program, runs);
  addStatusCommand(program, runs);
  addDoctorCommand(program, runs);
  addEndpointsCommand(program, runs);
  addDeadLettersCommand(program, runs);
  addSkipCommand(program, runs);
  addServeCommand(program, runs);
  addDestroyCommand(program, runs);
  addDemoCommand(program, runs);
  program.addHelpText(
    'after',
    '\nEvery option can also be given by the environment variable in brackets.\n' +
      'Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 an endpoint is held, 4 busy.',
  );
  return program;
}

function explain(
  error: unknown,
  args: readonly string[],
  session: Session | null,
  terminal: Terminal,
): number {
  if (error instanceof CommanderError) {
    // Help and version, asked for, are no errors.
    if (error.exitCode === 0) return 0;
    // Commander has written the help: after nothing, or after what was wrong.
    if (error.code === 'commander.help') {
      terminal.showHelp();
      return 2;
    }
  }
  const known = asWalhookError(error);
  const json = session?.json ?? args.includes('--json');
  const debug = session?.logLevel === 'debug';
  terminal.sayLines(
    failureText(known, { json, debug, redact: session?.redact ?? ((text) => text) }),
  );
  if (!json && error instanceof CommanderError && error.code === 'commander.unknownCommand') {
    terminal.showHelp();
  }
  return exitCodeOf(known.code);
}

function asWalhookError(error: unknown): WalhookError {
  if (isWalhookError(error)) return error;
  if (error instanceof CommanderError) {
    return new WalhookError('usage', error.message.replace(/^error: /, ''));
  }
  const message = error instanceof Error ? error.message : String(error);
  return new WalhookError('internal', message, { cause: error });
}
