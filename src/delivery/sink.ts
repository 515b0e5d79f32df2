/** One request's worth of events, complete and in order. The same bytes at every attempt. */
export type Delivery = {
  /** Id of the event, or `<first>_<last>` of the batch. */
  readonly id: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly eventCount: number;
};

/**
 * What an endpoint made of a delivery.
 * - delivered: confirmed, durably theirs
 * - unavailable: may work later, nothing needs to change
 * - misconfigured: a deploy, a URL or a key is wrong, not the event
 * - rejected: these events are refused, and would be again
 * - gone: the endpoint asks never to be called again
 */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'misconfigured'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'gone'; readonly reason: string };

/** How events stand together in a body. */
export type Framing = {
  /** Bytes before the first event. For ids of one length, always of one length. */
  readonly head: (id: string) => Uint8Array;
  readonly separator: Uint8Array;
  readonly tail: Uint8Array;
};

/** What speaks to an endpoint. `send` never rejects: every failure is an outcome. */
export interface Sink {
  readonly framing: Framing;
  send(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}
