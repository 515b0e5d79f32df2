import { heldRemedy, heldText } from '../drain/held-endpoints.ts';
import type { DrainReport, DrainStatus } from '../drain/report.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { Logger } from '../observability/log.ts';

const LEVELS = {
  caught_up: 'info',
  deadline: 'info',
  busy: 'info',
  held: 'warn',
  failed: 'error',
} as const satisfies Record<DrainStatus, keyof Logger>;

/** The whole report, as the one line that a scheduled drain leaves behind. */
export function logDrained(log: Logger, report: DrainReport): void {
  log[LEVELS[report.status]]('drained', report);
}

/** Why whoever scheduled a drain has to hear of it; null where it went as it should, or was not its turn. */
export function drainFailure(report: DrainReport): WalhookError | null {
  const { status, error } = report;
  switch (status) {
    case 'caught_up':
    case 'deadline':
    case 'busy':
      return null;
    case 'failed': {
      if (error === null) return new WalhookError('internal', 'the drain failed');
      const { code, message, detail, remedy } = error;
      return new WalhookError(code, `${code}: ${message}`, { detail: detail ?? undefined, remedy });
    }
    case 'held':
      return new WalhookError('endpoint_held', heldText(report), { remedy: heldRemedy(report) });
  }
}
