import { type ErrorCode, ERRORS } from './catalogue.ts';

export type ErrorDetails = {
  /** The thing it is about: a slot, a variable, an endpoint. Never a secret. */
  readonly detail?: string | undefined;
  /** Overrides the catalogue's advice where the case allows a better one. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
};

/** Every failure walhook reports: what happened, on what, what to do, under a code that never changes. */
export class WalhookError extends Error {
  override readonly name = 'WalhookError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.detail = details.detail;
    this.remedy = details.remedy ?? ERRORS[code].remedy;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isWalhookError(error: unknown, code?: ErrorCode): error is WalhookError {
  return error instanceof WalhookError && (code === undefined || error.code === code);
}
