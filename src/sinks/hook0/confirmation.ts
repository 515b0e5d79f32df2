import type { HttpAnswer } from '../http/http-client.ts';

/**
 * What Hook0 says of a call that it has served. Any other success is not Hook0's: a sign-in page, or
 * a proxy that does not know where it is.
 */
export type Confirmation = (answer: HttpAnswer) => boolean;

export const isIngested: Confirmation = ({ status, body }) => {
  if (status !== 201) return false;
  const fields = fieldsOf(body);
  return ['application_id', 'event_id', 'received_at'].every(
    (name) => typeof fields?.[name] === 'string',
  );
};

export const isEvent: Confirmation = ({ status, body }) =>
  status === 200 && typeof fieldsOf(body)?.['event_id'] === 'string';

export const isRegistered: Confirmation = ({ body }) => fieldsOf(body) !== null;

/** Null for what is no JSON object. */
export function fieldsOf(body: string): Readonly<Record<string, unknown>> | null {
  const value = parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as Record<string, unknown>;
}

/** undefined for what is no JSON. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
