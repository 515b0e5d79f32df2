import type { ErrorCode } from '../errors/catalogue.ts';
import { type ErrorDetails, WalhookError } from '../errors/walhook-error.ts';

/** One thing that is wrong with a request. */
export type RequestFault = {
  /** Where it stands: `query.deadline`, `body.ids[0]`. */
  readonly path: string;
  readonly got: string;
  readonly wants: string;
};

type RequestErrorDetails = ErrorDetails & {
  readonly faults?: readonly RequestFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
};

/** A request that is not answered as it asks: what is wrong with it, everything at once. */
export class RequestError extends WalhookError {
  readonly faults: readonly RequestFault[];
  /** That the answer carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the answer, where it is not the code's usual one. */
  readonly status: number | null;

  constructor(code: ErrorCode, message: string, details: RequestErrorDetails = {}) {
    super(code, message, details);
    this.faults = details.faults ?? [];
    this.headers = details.headers ?? {};
    this.status = details.status ?? null;
  }
}
