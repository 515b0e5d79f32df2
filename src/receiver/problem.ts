import { ReceiverError, type ReceiverErrorCode } from './receiver-error.ts';

const STATUS: Readonly<Record<ReceiverErrorCode, 400 | 401 | 413 | 500 | 503>> = {
  secret_invalid: 500,
  header_missing: 401,
  header_invalid: 401,
  timestamp_too_old: 401,
  timestamp_too_new: 401,
  signature_mismatch: 401,
  body_invalid: 400,
  body_too_large: 413,
  body_incomplete: 503,
  body_parsed: 500,
  busy: 503,
};

const TITLE = {
  400: 'Bad Request',
  401: 'Unauthorized',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

type Problem = {
  readonly status: keyof typeof TITLE;
  readonly code: ReceiverErrorCode | 'method_not_allowed' | 'internal';
  readonly detail: string;
};

/** What the sender is told. Of an unforeseen error it learns nothing; it comes again later. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ReceiverError) {
    return { status: STATUS[error.code], code: error.code, detail: error.message };
  }
  return { status: 500, code: 'internal', detail: 'The receiver failed.' };
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export function problemResponse(
  { status, code, detail }: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = JSON.stringify({ type: 'about:blank', title: TITLE[status], status, code, detail });
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
