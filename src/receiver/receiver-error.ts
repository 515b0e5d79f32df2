export type ReceiverErrorCode =
  | 'secret_invalid'
  | 'header_missing'
  | 'header_invalid'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'signature_mismatch'
  | 'body_invalid'
  | 'body_too_large'
  | 'body_incomplete'
  | 'body_parsed'
  | 'busy';

/** What is wrong with a request, or with a secret, under a code that never changes. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  readonly code: ReceiverErrorCode;

  constructor(code: ReceiverErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
