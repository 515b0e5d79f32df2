/** One request's worth of events, complete and in order. The same bytes at every attempt. */
export type Delivery = {
  /** Id of the event, or `<first>_<last>` of the batch. */
  readonly id: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly eventCount: number;
  /** What the format puts beside a body that is one event alone. */
  readonly headers: Readonly<Record<string, string>>;
};

/** What came back, for a person to see: the status, and the first KiB of the body. */
export type Answer = { readonly status: number; readonly body: string };

type Failure = {
  readonly reason: string;
  /** null: no answer came. */
  readonly answer: Answer | null;
};

/**
 * What an endpoint made of a delivery.
 * - delivered: confirmed, durably theirs
 * - partial: confirmed but for these events, by id
 * - unavailable: may work later, nothing needs to change
 * - misconfigured: a deploy, a URL or a key is wrong, not the event
 * - rejected: these events are refused, and would be again
 * - too_large: the body is; fewer events may fit
 * - gone: the endpoint asks never to be called again
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly pauseMs: number | null }
  | ({ readonly kind: 'partial'; readonly failedIds: readonly string[] } & Failure)
  | ({
      readonly kind: 'unavailable' | 'misconfigured';
      /** What the endpoint asked to wait; null: it did not say. */
      readonly retryAfterMs: number | null;
      /** One event was sent, and may be what fails. */
      readonly perhapsTheEvent?: true;
    } & Failure)
  | ({ readonly kind: 'rejected' } & Failure)
  | ({ readonly kind: 'too_large' } & Failure)
  | ({ readonly kind: 'gone' } & Failure);

/** Resolves when one more request may go out under the endpoint's limit; false: none may any more. */
export type Turn = (signal: AbortSignal) => Promise<boolean>;

/** What speaks to an endpoint. `send` never rejects: every failure is an outcome. */
export interface Sink {
  /**
   * traceparent: of the trace that the attempt belongs to; without it, it is one of its own. turn: asked
   * before each request that a delivery takes beside its first; without it, none waits.
   */
  send(
    delivery: Delivery,
    signal: AbortSignal,
    traceparent?: string,
    turn?: Turn,
  ): Promise<Outcome>;
  close(): Promise<void>;
}
