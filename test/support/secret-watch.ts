import { afterAll, inject, vi } from 'vitest';
import type { DrainLog } from '../../src/drain/ports.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import type * as Errors from '../../src/errors/walhook-error.ts';
import type * as Log from '../../src/observability/log.ts';
import type * as Drainers from '../../src/runtime/drainer.ts';
import { failOnFindings, sweep, watchFor } from './secret-sweep.ts';
import { answersAreSwept, watchAnswers } from './watched-answers.ts';
import { watchProcesses } from './watched-processes.ts';

/**
 * Runs before each test file: looks for secrets in all that walhook says in it, in this process and
 * in those that it starts, and fails the file if there is one. State tables are looked through before
 * their database is dropped; mails, and bodies of requests, where they are received.
 */
watchFor(new URL(inject('serverUrl')).password);
watchAnswers();
watchProcesses();

// The hook that is registered first runs last: databases have been dropped by then.
afterAll(async () => {
  await answersAreSwept();
  failOnFindings();
});

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
  stream.write = (text: string | Uint8Array, ...more: unknown[]) => {
    sweep('what this process prints', text);
    return write(text, ...more);
  };
}

for (const level of ['debug', 'error', 'info', 'log', 'warn'] as const) {
  const say = console[level].bind(console);
  console[level] = (...said: unknown[]) => {
    sweep('the console', said.map(String).join(' '));
    say(...said);
  };
}

vi.mock('../../src/errors/walhook-error.ts', async (original) => {
  const errors = await original<typeof Errors>();
  class WalhookError extends errors.WalhookError {
    constructor(...given: ConstructorParameters<typeof errors.WalhookError>) {
      super(...given);
      sweep(`an error ${this.code}`, [this.message, this.detail, this.remedy].join('\n'));
    }
  }
  return { ...errors, WalhookError };
});

vi.mock('../../src/observability/log.ts', async (original) => {
  const log = await original<typeof Log>();
  const createLogger = (options: Log.LoggerOptions): Log.Logger => {
    const write = (line: string): void => {
      sweep('a line of the log', line);
      options.write(line);
    };
    return log.createLogger({ ...options, write });
  };
  return { ...log, createLogger };
});

// Each drain is logged by walhook's own logger at every level, whatever the test makes of its log.
vi.mock('../../src/runtime/drainer.ts', async (original) => {
  const drainer = await original<typeof Drainers>();
  const { createLogger } = await import('../../src/observability/log.ts');
  const { createRedact } = await import('../../src/config/redact.ts');
  class Drainer extends drainer.Drainer {
    readonly #log: DrainLog;

    constructor(options: Drainers.DrainerOptions) {
      const redact = createRedact(options.config);
      const log = createLogger({ level: 'debug', format: 'json', write: () => undefined, redact });
      super({ ...options, log: both(log, options.log) });
      this.#log = log;
    }

    override async drain(once: Drainers.OneDrain = {}): Promise<DrainReport> {
      const log = once.log === undefined ? undefined : both(this.#log, once.log);
      const report = await super.drain({ ...once, log });
      sweep('a report', JSON.stringify(report));
      return report;
    }
  }
  return { ...drainer, Drainer };
});

function both(one: DrainLog, other: DrainLog): DrainLog {
  const tell = (level: keyof DrainLog) => (message: string, fields?: Record<string, unknown>) => {
    one[level](message, fields);
    other[level](message, fields);
  };
  return { debug: tell('debug'), info: tell('info'), warn: tell('warn') };
}
