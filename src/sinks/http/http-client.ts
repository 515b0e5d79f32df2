export type HttpRequest = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not sent with GET. */
  readonly body: Uint8Array;
  /** From the first byte sent to the last byte of the answer that is read. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  /** By its name in lower case; what came in several lines is joined by commas. */
  readonly header: (name: string) => string | null;
  /** The beginning of the body, at most ANSWER_BYTES. */
  readonly body: string;
  /** The body ended before its time, within those bytes: what it would have said is not known. */
  readonly brokeOff: boolean;
};

/** What is read of an answer: enough for a reason, too little to be flooded by. */
export const ANSWER_BYTES = 64 << 10;

/**
 * How a request leaves this runtime. Redirects are answers, not instructions. Rejects only where no
 * status came: then with the reason in plain words, without the URL, which may hold a secret.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export class NoAnswerError extends Error {
  readonly code = 'no_answer';
  override readonly name = 'NoAnswerError';
}

/** A system or TLS error's code says it best, and names no address. */
export function connectionFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? `connection failed (${code})` : 'connection failed';
}
