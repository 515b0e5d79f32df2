import { type Clock, systemClock } from '../clock/clock.ts';
import { logValue } from './log-value.ts';
import { prettyLine } from './pretty-line.ts';
import { visibleLine } from '../quantities/visible-text.ts';

/** From the most to the least talkative. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that says these fields with every record. */
  child(bindings: LogFields): Logger;
}

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** Gets one record at a time, its line break included. */
  readonly write: (line: string) => void;
  /** Every text of every record passes through it, so that no caller has to think of secrets. */
  readonly redact: (text: string) => string;
  readonly bindings?: LogFields | undefined;
  readonly clock?: Clock | undefined;
};

/**
 * Records as single lines: `{"time","level","msg",…}`, or the same for eyes. Errors among the fields
 * are written as code, message, detail and remedy; with their stack at level debug alone.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, write, redact, bindings = {}, clock = systemClock } = options;
  const threshold = logLevels.indexOf(level);

  function log(recordLevel: Exclude<LogLevel, 'silent'>, message: string, fields: LogFields): void {
    if (logLevels.indexOf(recordLevel) < threshold) return;
    const time = new Date(clock.now()).toISOString();
    const said = logValue({ ...bindings, ...fields }, { redact, stacks: level === 'debug' });
    const record = { time, level: recordLevel, msg: redact(message), ...withoutReserved(said) };
    write(`${visibleLine(format === 'json' ? JSON.stringify(record) : prettyLine(record))}\n`);
  }

  return {
    debug: (message, fields = {}) => log('debug', message, fields),
    info: (message, fields = {}) => log('info', message, fields),
    warn: (message, fields = {}) => log('warn', message, fields),
    error: (message, fields = {}) => log('error', message, fields),
    child: (more) => createLogger({ ...options, bindings: { ...bindings, ...more } }),
  };
}

/** A field named as one of the record's own would take its place: it moves aside. */
function withoutReserved(fields: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object(fields)).map(([name, value]) => [
      name === 'time' || name === 'level' || name === 'msg' ? `${name}_` : name,
      value,
    ]),
  );
}
