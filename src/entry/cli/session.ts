import type { Overrides } from '../../config/environment.ts';
import { loadConfig } from '../../config/load.ts';
import { redactOf, type Redact } from '../../config/redact.ts';
import type { ResolvedConfig } from '../../config/schema.ts';
import { workingDirectory } from '../../config/working-directory.ts';
import { createLogger, type Logger, type LogLevel } from '../../observability/log.ts';
import type { Terminal } from './terminal.ts';

export type GlobalFlags = {
  readonly config?: string;
  readonly json?: boolean;
  readonly logLevel?: LogLevel;
};

/** One call of the command line: how it speaks, and what it is configured to. */
export class Session {
  readonly json: boolean;
  readonly logLevel: LogLevel;
  readonly terminal: Terminal;
  readonly #file: string | undefined;
  /** Knows the configuration's secrets once that is loaded; its own errors mask theirs. */
  redact: Redact = (text) => text;

  constructor(flags: GlobalFlags, terminal: Terminal) {
    this.json = flags.json === true;
    this.logLevel = flags.logLevel ?? 'info';
    this.terminal = terminal;
    this.#file = flags.config;
  }

  /** Throws ConfigError with everything that is wrong. */
  async loadConfig(overrides: Overrides = {}): Promise<ResolvedConfig> {
    const { config, warnings } = await loadConfig({
      env: process.env,
      cwd: workingDirectory(),
      file: this.#file,
      overrides,
    });
    this.redact = redactOf(config);
    for (const warning of warnings) this.log().warn(warning);
    return config;
  }

  log(): Logger {
    return createLogger({
      level: this.logLevel,
      format: this.json ? 'json' : 'pretty',
      write: (line) => this.terminal.say(line.trimEnd()),
      redact: (text) => this.redact(text),
    });
  }

  /** A line for a person; a program gets the result instead. */
  say(line: string): void {
    if (!this.json) this.terminal.say(this.redact(line));
  }

  /** The result for a program. */
  result(value: unknown): void {
    this.terminal.data(this.redact(JSON.stringify(value)));
  }
}
