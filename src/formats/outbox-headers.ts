import { keyHeader } from './attribute-text.ts';
import { headerText } from './header-text.ts';
import type { OutboxEvent } from './outbox-event.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~\da-z]+$/;

/** The message's framing, credentials, and what walhook says itself. */
const NOT_THEIRS =
  /^(?:authorization|connection|cookie|expect|host|idempotency-key|keep-alive|te|trailer|transfer-encoding|upgrade|user-agent)$|^(?:ce|content|proxy|walhook|webhook)-|^trace(?:parent|state)$/;

/**
 * What goes beside an outbox event's payload: `walhook-type`, `walhook-key`, and the event's own
 * headers in lower case, but for names that are not its to set and those in `taken`, which the
 * endpoint is configured to send. Values are percent-encoded where a header cannot hold them; a key that is too long goes by its hash.
 */
export function outboxHeaders(
  event: OutboxEvent,
  taken: ReadonlySet<string>,
): Record<string, string> {
  const [type, key] = [event.text('type'), event.text('key')];
  return {
    ...ownHeaders(event, taken),
    ...(type === null ? {} : { 'walhook-type': headerText(type) }),
    ...(key === null ? {} : { 'walhook-key': keyHeader(key) }),
  };
}

/** Only those that the event brings itself. */
export function ownHeaders(event: OutboxEvent, taken: ReadonlySet<string>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [given, value] of Object.entries(givenHeaders(event))) {
    const name = given.toLowerCase();
    if (!TOKEN.test(name) || NOT_THEIRS.test(name) || taken.has(name)) continue;
    const text = scalarText(value);
    if (text !== null) headers[name] = headerText(text);
  }
  return headers;
}

function givenHeaders(event: OutboxEvent): object {
  const text = event.text('headers');
  if (text === null) return {};
  try {
    const headers: unknown = JSON.parse(text);
    return typeof headers === 'object' && headers !== null && !Array.isArray(headers)
      ? headers
      : {};
  } catch {
    // A column of text that holds no JSON.
    return {};
  }
}

function scalarText(value: unknown): string | null {
  if (value === null || typeof value === 'object') return null;
  return String(value);
}
