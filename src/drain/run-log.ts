import type { DrainLog } from './ports.ts';

/** Every record of a drain names it. */
export function runLog(log: DrainLog, runId: string): DrainLog {
  const named = (fields?: Record<string, unknown>) => ({ run_id: runId, ...fields });
  return {
    debug: (message, fields) => log.debug(message, named(fields)),
    info: (message, fields) => log.info(message, named(fields)),
    warn: (message, fields) => log.warn(message, named(fields)),
  };
}
