import { WalhookError } from '../errors/walhook-error.ts';
import type { ReportedError } from './report.ts';
import type { StopReason } from './stop.ts';

/** An error as a report tells it: without secrets, and without a stack. */
export function reportedError(error: unknown, redact: (text: string) => string): ReportedError {
  const known =
    error instanceof WalhookError
      ? error
      : new WalhookError('internal', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  return {
    code: known.code,
    message: redact(known.message),
    detail: known.detail === undefined ? null : redact(known.detail),
    remedy: known.remedy,
  };
}

/** Of a drain that had something to do, and was stopped before any of it was done. */
export function stuckBecause(reason: StopReason | null): WalhookError {
  const nothing = 'before anything could be delivered';
  if (reason !== 'requests') return new WalhookError('stuck', `the deadline passed ${nothing}`);
  return new WalhookError('stuck', `drain.maxRequests was reached ${nothing}`, {
    remedy: 'Correct the endpoint that took no request, or raise drain.maxRequests.',
  });
}
