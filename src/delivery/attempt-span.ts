import type { Delivery, Outcome } from './sink.ts';
import type { Span } from './tracing.ts';

/** One request to an endpoint. `attempt` counts from 1. */
export function startAttempt(
  parent: Span,
  endpoint: string,
  { id, eventCount, body }: Delivery,
  attempt: number,
): Span {
  const attributes = {
    'walhook.endpoint': endpoint,
    'walhook.batch_id': id,
    'walhook.events': eventCount,
    'walhook.bytes': body.byteLength,
    'walhook.attempt': attempt,
  };
  return parent.child('walhook.attempt', attributes, 'client');
}

/** Says the kind of failure and not its reason, which is partly in the receiver's own words. */
export function endAttempt(span: Span, outcome: Outcome): void {
  const attributes = { 'walhook.outcome': outcome.kind };
  if (outcome.kind === 'delivered') return span.end(attributes, null);
  const status = outcome.answer?.status;
  const answered = status === undefined ? {} : { 'http.response.status_code': status };
  span.end({ ...attributes, ...answered }, outcome.kind);
}
