import { JsonWriter } from '../changes/json-writer.ts';
import type { OutboxEvent, OutboxField } from '../formats/outbox-event.ts';

/** What the field's JSON says: a string without its quotes, all else as it stands; null for null. */
export function outboxText(event: Pick<OutboxEvent, 'write'>, field: OutboxField): string | null {
  const out = new JsonWriter(64);
  event.write(field, out);
  const json = out.text();
  if (json === 'null') return null;
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
