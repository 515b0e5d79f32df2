import { ProxyFailure } from './proxy-failure.ts';

export type HttpRequest = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not sent with GET. */
  readonly body: Uint8Array;
  /** What is read of the answer's body at the most; without it, ANSWER_BYTES. */
  readonly answerBytes?: number;
  /** From the first byte sent to the last byte of the answer that is read. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  /** By its name in lower case; what came in several lines is joined by commas. */
  readonly header: (name: string) => string | null;
  /** The beginning of the body, at most as many bytes as were to be read. */
  readonly body: string;
  /** Whether that is all of it. What it would have said behind that is not known. */
  readonly ending: AnswerEnding;
};

/**
 * - broke-off: the body ended before its time, or not in time
 * - cut: it is longer than what was to be read of it
 * - unreadable: it is encoded in a way that is not understood, or otherwise than it says
 */
export type AnswerEnding = 'whole' | 'broke-off' | 'cut' | 'unreadable';

/** Sent with every request: an answer that comes encoded all the same is decoded where possible. */
export const PLAIN_ANSWER = { 'accept-encoding': 'identity' } as const;

/** Enough for a reason, too little to be flooded by. */
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
  if (error instanceof ProxyFailure) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? `connection failed (${code})` : 'connection failed';
}
