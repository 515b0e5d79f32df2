import type { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import type { CloudEventsAttributes, CloudEventsMode } from './cloudevents.ts';
import type { EventFormat, WritableEvent } from './event-format.ts';
import { attributeText, isTooLongForHeader, keyHeader } from './attribute-text.ts';
import { headerText } from './header-text.ts';
import type { OutboxEvent, OutboxReader } from './outbox-event.ts';
import { ownHeaders } from './outbox-headers.ts';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Outbox events as CloudEvents: type and key are theirs, the payload is the data. Their own headers go
 * beside them, where a request has one event.
 */
export function outboxCloudeventsFormat(
  outboxOf: OutboxReader,
  others: EventFormat,
  attributes: CloudEventsAttributes,
  mode: CloudEventsMode,
  taken: ReadonlySet<string>,
): EventFormat {
  return {
    contentType: others.contentType,
    write(event, out) {
      const outbox = outboxOf(event);
      if (outbox === null) others.write(event, out);
      else if (mode === 'binary') outbox.write('payload', out);
      else writeStructured(attributesOf(event, outbox, attributes), outbox, out);
    },
    headers(event) {
      const outbox = outboxOf(event);
      if (outbox === null) return others.headers?.(event) ?? {};
      const own = ownHeaders(outbox, taken);
      if (mode !== 'binary') return own;
      const { subject, partitionkey, ...named } = attributesOf(event, outbox, attributes);
      const headers = Object.entries(named).map(([name, value]) => [
        `ce-${name}`,
        headerText(value),
      ]);
      return {
        ...own,
        ...(Object.fromEntries(headers) as Record<string, string>),
        ...(subject === undefined || isTooLongForHeader(subject)
          ? {}
          : { 'ce-subject': headerText(subject) }),
        ...(partitionkey === undefined ? {} : { 'ce-partitionkey': keyHeader(partitionkey) }),
      };
    },
  };
}

function attributesOf(
  event: WritableEvent,
  outbox: OutboxEvent,
  { source, typePrefix }: CloudEventsAttributes,
): Record<string, string> {
  const { commitLsn, committedAt } = event.transaction;
  const id = eventId({ commitLsn, seq: event.seq });
  const key = outbox.text('key');
  const occurredAt = outbox.text('occurredAt') ?? '';
  const committed = committedAt === null ? undefined : postgresTimestamp(committedAt);
  const time = TIMESTAMP.test(occurredAt) ? occurredAt : committed;
  return {
    specversion: '1.0',
    id,
    source,
    type: outbox.text('type') || `${typePrefix}.outbox`,
    // Neither is ever empty.
    ...(key === null || key === '' ? {} : { subject: key, partitionkey: key }),
    ...(time === undefined ? {} : { time }),
    sequence: id,
  };
}

function writeStructured(
  attributes: Readonly<Record<string, string>>,
  outbox: OutboxEvent,
  out: JsonWriter,
): void {
  out.ascii('{');
  for (const [name, value] of Object.entries(attributes)) {
    out.ascii(`"${name}":`);
    writeJsonText(attributeText(value), out);
    out.ascii(',');
  }
  out.ascii('"datacontenttype":"application/json","data":');
  outbox.write('payload', out);
  out.ascii('}');
}
