import { ConfigError } from '../../config/config-error.ts';
import type { Redact } from '../../config/redact.ts';
import type { DrainReport } from '../../drain/report.ts';
import type { Status } from '../../operations/pipeline-status.ts';
import { type ErrorCode, ERRORS } from '../../errors/catalogue.ts';
import type { WalhookError } from '../../errors/walhook-error.ts';
import { visibleLine } from '../../quantities/visible-text.ts';

export type FailureOptions = {
  readonly json: boolean;
  /** With stacks, also those of the causes. */
  readonly debug: boolean;
  readonly redact: Redact;
};

/** An error for a person, or as one line of JSON for a program. */
export function failureText(error: WalhookError, { json, debug, redact }: FailureOptions): string {
  const { code, message, detail, remedy } = error;
  if (json) {
    const problems = error instanceof ConfigError ? { problems: error.problems } : {};
    return redact(
      JSON.stringify({ error: { code, message, detail: detail ?? null, remedy, ...problems } }),
    );
  }
  const lines = [
    `error: ${error instanceof ConfigError ? message : oneLine(message)}`,
    `  code: ${code}${detail === undefined ? '' : ` (${visibleLine(detail)})`}`,
    `  what to do: ${visibleLine(remedy)}`,
  ];
  if (debug) lines.push(...stacks(error));
  return redact(lines.join('\n'));
}

export function exitCodeOf(code: ErrorCode): number {
  return ERRORS[code].exitCode;
}

/** The exit codes of docs: 0 done, 1 failed, 2 usage or configuration, 3 held, 4 busy. */
export function exitCodeOfReport({ status, error }: DrainReport): number {
  switch (status) {
    case 'caught_up':
    case 'deadline':
      return 0;
    case 'held':
      return ERRORS.endpoint_held.exitCode;
    case 'busy':
      return ERRORS.lease_held.exitCode;
    case 'failed':
      return error === null ? 1 : exitCodeOf(error.code);
  }
}

/** A configuration's problems have lines of their own, made visible there; else a suggestion has one. */
function oneLine(message: string): string {
  return visibleLine(message).replace(/\\n(?=\(Did you mean [\w, -]+\?\)$)/, '\n');
}

/** 0 where nothing is wrong; 3 where all that is wrong is that endpoints hold the slot; else 1. */
export function exitCodeOfStatus({ conditions }: Pick<Status, 'conditions'>): number {
  if (conditions.length === 0) return 0;
  const isHeld = conditions.every(({ blocks, endpoint }) => blocks && endpoint !== null);
  return isHeld ? ERRORS.endpoint_held.exitCode : 1;
}

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.stack ?? String(error), ...stacks(error.cause)];
}
