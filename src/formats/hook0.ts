import { positionOf } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import type { EventFormat, WritableEvent } from './event-format.ts';
import { type EventTypeSubject, renderEventType, renderTemplate } from './hook0-event-type.ts';
import { type EventRow, EventsTable } from './hook0-events-table.ts';
import { cutLabels, type Hook0Labels } from './hook0-labels.ts';
import { PerTransaction } from './per-transaction.ts';
import type { RowOptions } from './row-json.ts';
import { uuidV5 } from './uuid-v5.ts';
import { walhookFormat } from './walhook.ts';

export type Hook0Options = RowOptions & {
  /** A UUID, and the namespace of the events' ids. */
  readonly applicationId: string;
  /** Names the slot among all servers, the same for good: events' ids are derived from it. */
  readonly source: string;
  /** What `{service}` stands for. */
  readonly service: string;
  /** Template of an event type: three parts with a dot between. */
  readonly eventType: string;
  /** Templates of the labels that an event has where its row brings none. */
  readonly labels: Hook0Labels;
  /** `schema.table` whose inserted rows are events themselves. */
  readonly eventsTable: string | null;
  /** Milliseconds since 1970, for what happened at no time that the server tells. */
  readonly now: () => number;
};

/** A buffer that grew beyond this is not kept: one large row must not hold memory for good. */
const KEEP_BYTES = 1 << 20;

/**
 * An event as Hook0 ingests it. Its payload is a JSON text within the JSON, and its last member: the
 * walhook event, or the payload of a row of the events table, escaped while it is copied.
 */
export function hook0Format(catalog: TypeCatalog, options: Hook0Options): EventFormat {
  const { applicationId, eventsTable, source } = options;
  const events = eventsTable === null ? null : new EventsTable(eventsTable, catalog, options);
  const walhook = walhookFormat(catalog, options);
  const heads = new Heads(options);
  // A message outside of any transaction was written at no time that the server tells.
  const times = new PerTransaction(({ committedAt }) =>
    committedAt === null ? new Date(options.now()).toISOString() : postgresTimestamp(committedAt),
  );
  let payload = new JsonWriter();

  function writePayload(out: JsonWriter): void {
    out.ascii(',"payload":');
    writeJsonString(payload.bytes, 0, payload.length, out);
    out.ascii('}');
    if (payload.bytes.length > KEEP_BYTES) payload = new JsonWriter();
    payload.clear();
  }

  function writeOwn(event: WritableEvent, out: JsonWriter): void {
    out.put(heads.of(event));
    writePlace(derivedId(event), times.of(event.transaction), out);
    walhook.write(event, payload);
    writePayload(out);
  }

  function writeRow(event: WritableEvent, row: EventRow, out: JsonWriter): void {
    const labels = Object.keys(row.labels).length === 0 ? heads.labelsOf(event) : row.labels;
    out.put(renderHead(applicationId, row.eventType, labels));
    const occurredAt = row.occurredAt ?? times.of(event.transaction);
    writePlace(row.eventId ?? derivedId(event), occurredAt, out);
    if (Object.keys(row.metadata).length > 0) {
      out.put(utf8.encode(`,"metadata":${JSON.stringify(row.metadata)}`));
    }
    row.writePayload(payload);
    writePayload(out);
  }

  function derivedId(event: WritableEvent): string {
    return uuidV5(applicationId, `${source}/${eventId(positionOf(event))}`);
  }

  return {
    contentType: 'application/json',
    // What is in the table is an event once: when it is put there, not when it is tidied away.
    skips: (event) =>
      event.op !== 'message' && event.op !== 'insert' && events?.has(event.relation) === true,
    write(event, out) {
      const row = event.op === 'insert' && events?.has(event.relation) ? events.read(event) : null;
      if (row === null) writeOwn(event, out);
      else writeRow(event, row, out);
    },
  };
}

const utf8 = new TextEncoder();

/** From the beginning to what differs between the events of one table and operation. */
function renderHead(applicationId: string, eventType: string, labels: Hook0Labels): Uint8Array {
  const [id, type, label] = [applicationId, eventType, labels].map((part) => JSON.stringify(part));
  return utf8.encode(
    `{"application_id":${id},"event_type":${type},"payload_content_type":"application/json","labels":${label}`,
  );
}

function writePlace(id: string, occurredAt: string, out: JsonWriter): void {
  out.ascii(`,"event_id":"${id}","occurred_at":"${occurredAt}"`);
}

/** Heads of the events that walhook words, rendered once a relation and operation. */
class Heads {
  readonly #options: Hook0Options;
  readonly #rendered = new WeakMap<RelationView, Map<string, Uint8Array>>();

  constructor(options: Hook0Options) {
    this.#options = options;
  }

  of(event: WritableEvent): Uint8Array {
    if (event.op === 'message') return this.#render(event);
    let ofRelation = this.#rendered.get(event.relation);
    if (ofRelation === undefined) this.#rendered.set(event.relation, (ofRelation = new Map()));
    let head = ofRelation.get(event.op);
    if (head === undefined) ofRelation.set(event.op, (head = this.#render(event)));
    return head;
  }

  labelsOf(event: WritableEvent): Hook0Labels {
    const subject = this.#subjectOf(event);
    const templates = Object.entries(this.#options.labels);
    return cutLabels(templates.map(([key, text]) => [key, renderTemplate(text, subject)]));
  }

  #render(event: WritableEvent): Uint8Array {
    const { applicationId, eventType } = this.#options;
    const type = renderEventType(eventType, this.#subjectOf(event));
    return renderHead(applicationId, type, this.labelsOf(event));
  }

  /** A logical message belongs to no table: its prefix says what it is about. */
  #subjectOf(event: WritableEvent): EventTypeSubject {
    const { service } = this.#options;
    return event.op === 'message'
      ? { service, schema: 'message', table: event.prefix, operation: event.op }
      : { ...event.relation, service, operation: event.op };
  }
}
