/** Which events of a batch an endpoint that answered 2xx reports as failed. */
export type ItemFailures =
  | { readonly kind: 'none' }
  | { readonly kind: 'some'; readonly ids: readonly string[] }
  | { readonly kind: 'unreadable' };

const NONE: ItemFailures = { kind: 'none' };
const NAME = 'batchItemFailures';

/**
 * `{"batchItemFailures":[{"itemIdentifier":"<event id>"}]}`, as AWS event sources are answered.
 * A body that has no such member says nothing. One that has it in another shape meant to report
 * failures: taking it for a success would lose events.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function itemFailures(body: string): ItemFailures {
  // A name may be written with escapes.
  if (!body.includes(NAME) && !body.includes('\\u')) return NONE;
  const failures = member(parse(body), NAME);
  if (failures === undefined) return NONE;
  if (!Array.isArray(failures)) return failures === null ? NONE : { kind: 'unreadable' };
  const ids = failures.map((failure: unknown) => member(failure, 'itemIdentifier'));
  if (!ids.every((id) => typeof id === 'string' && id !== '')) return { kind: 'unreadable' };
  return ids.length === 0 ? NONE : { kind: 'some', ids: ids as string[] };
}

/** A body that is no JSON at all, and yet speaks of failures. */
const UNREADABLE = { [NAME]: false };

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body.includes(NAME) ? UNREADABLE : null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
