import type { DedupeStore } from './dedupe-store.ts';
import type { WalhookEvent } from './event.ts';
import { type Handling, handleEvents } from './handle-events.ts';
import type { Ordering } from './left-behind.ts';
import { parse, type ParseOptions } from './parse.ts';
import { problemOf, problemResponse } from './problem.ts';
import { readBody } from './raw-body.ts';
import { type HmacKey, importKeys, missingSecret, signingKeys } from './signing-secret.ts';
import { type VerifyOptions, verifyWithKeys } from './verify.ts';

export type ReceiverOptions = VerifyOptions &
  ParseOptions & {
    /** Called for one event after the other. What it throws makes the sender send that event again. */
    readonly handle: (event: WalhookEvent, handling: Handling) => void | Promise<void>;
    /** Default: none. Then repeats are handled again. */
    readonly store?: DedupeStore | undefined;
    /** As at the sender: events of which row wait for one that failed. Default: `key`. */
    readonly ordering?: Ordering | undefined;
    /** Larger bodies are answered 413. Default: 20 MiB. */
    readonly maxBodyBytes?: number | undefined;
    /** Told what `handle` threw, or, with null, the store. Default: `console.error`. */
    readonly onError?: ((error: unknown, event: WalhookEvent | null) => void) | undefined;
  };

/** The methods that a walhook endpoint can be configured to use. */
const METHODS = ['POST', 'PUT', 'PATCH'];
/**
 * Whoever is at the event is mostly done long before its claim ends, and a sender that is told to
 * stay away for longer than a drain waits would not come back in it.
 */
const BUSY_RETRY_SECONDS = 5;
/** A sender reads only so much of an answer. */
const MAX_ANSWER_BYTES = 48 << 10;

/**
 * Answers walhook's requests: 204; 200 with `batchItemFailures` where events failed; else a problem
 * of RFC 9457 with a stable `code`. Never rejects. While a secret is missing, an unset variable above
 * all, every request is answered 500 with `secret_invalid`.
 * @throws ReceiverError `secret_invalid` for a secret that is there and is none
 */
export function createReceiver(options: ReceiverOptions): (request: Request) => Promise<Response> {
  const { maxBodyBytes = 20 << 20, onError = logError } = options;
  // A build evaluates this where no secret is: a missing one is told to each request instead.
  const missing = missingSecret(options.secrets);
  const rawKeys = missing === null ? signingKeys(options.secrets) : [];
  // Not before the first request: some platforms let nothing asynchronous begin outside of one.
  let keys: readonly HmacKey[] | null = null;

  return async (request) => {
    const refused = methodProblem(request.method);
    if (refused !== null) return refused;
    try {
      if (missing !== null) throw missing;
      const body = await readBody(request, maxBodyBytes);
      keys ??= await importKeys(rawKeys);
      const verified = await verifyWithKeys({ headers: request.headers, body }, keys, options);
      const parsed = parse(body, options);
      const failed = await handleEvents(
        parsed.events,
        { ...verified, origin: parsed.origin },
        { ...options, onError },
      );
      return answer(failed);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 500) onError(error, null);
      const headers = problem.code === 'busy' ? { 'retry-after': `${BUSY_RETRY_SECONDS}` } : {};
      return problemResponse(problem, headers);
    }
  };
}

/** The answer to a method that walhook does not use; null for one that it does. */
export function methodProblem(method: string): Response | null {
  if (METHODS.includes(method)) return null;
  const detail = `The method is ${method}.`;
  const problem = { status: 405, code: 'method_not_allowed', detail } as const;
  return problemResponse(problem, { allow: METHODS.join(', ') });
}

function answer(failed: readonly string[]): Response {
  if (failed.length === 0) return new Response(null, { status: 204 });
  const batchItemFailures = failed.map((itemIdentifier) => ({ itemIdentifier }));
  const body = JSON.stringify({ batchItemFailures });
  if (body.length > MAX_ANSWER_BYTES) {
    const detail = `${failed.length} events failed, too many to list.`;
    return problemResponse({ status: 500, code: 'internal', detail });
  }
  return new Response(body, { status: 200, headers: { 'content-type': 'application/json' } });
}

function logError(error: unknown, event: WalhookEvent | null): void {
  // oxlint-disable-next-line no-console -- swallowed, nobody could find out why events come again
  console.error(event === null ? 'walhook/receiver:' : `walhook/receiver: ${event.id}:`, error);
}
