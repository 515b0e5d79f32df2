import type { Logger } from './log.ts';
import { logValue } from './log-value.ts';

type Log = Pick<Logger, 'debug' | 'info' | 'warn'>;

/** A log that is another program's, which is told no secret; of errors it gets the parts. */
export function redactedLog(log: Log, redact: (text: string) => string): Log {
  const told = (level: keyof Log): Log['debug'] => {
    return (message, fields = {}) => {
      const said = logValue(fields, { redact, stacks: true });
      log[level](redact(message), said as Record<string, unknown>);
    };
  };
  return { debug: told('debug'), info: told('info'), warn: told('warn') };
}
