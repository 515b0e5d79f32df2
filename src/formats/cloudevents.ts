import { keyTuple, type RowChange, type Transaction } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { sortableLsn } from '../pgoutput/lsn.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import { attributeText, isTooLongForHeader, keyHeader } from './attribute-text.ts';
import type { EventFormat, WritableEvent } from './event-format.ts';
import { headerText } from './header-text.ts';
import { PerTransaction } from './per-transaction.ts';
import { RowJson, type RowOptions } from './row-json.ts';
import { ascii, writeHexPadded } from './text-bytes.ts';
import { walhookFormat } from './walhook.ts';

/**
 * - binary: the attributes are headers, the body is the data
 * - structured: one event, its data inside
 * - batched: a list of those
 */
export type CloudEventsMode = 'binary' | 'structured' | 'batched';

export type CloudEventsAttributes = {
  /** A URI reference; with it an id is unique. */
  readonly source: string;
  /** `<typePrefix>.<op>` is an event's type. */
  readonly typePrefix: string;
};

const CONTENT_TYPES = {
  binary: 'application/json',
  structured: 'application/cloudevents+json',
  batched: 'application/cloudevents-batch+json',
};

const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;
const DATA = ascii(',"data":');

/**
 * CloudEvents 1.0; the data is the `walhook` event.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function cloudeventsFormat(
  catalog: TypeCatalog,
  options: RowOptions,
  attributes: CloudEventsAttributes,
  mode: CloudEventsMode,
): EventFormat {
  const data = walhookFormat(catalog, options);
  const contentType = CONTENT_TYPES[mode];
  const context = new Context(catalog, options, attributes);
  if (mode === 'binary') {
    return { contentType, write: data.write, headers: (event) => context.headers(event) };
  }
  return {
    contentType,
    write(event, out) {
      context.write(event, out);
      out.put(DATA);
      data.write(event, out);
      out.byte(CLOSE_BRACE);
    },
  };
}

/** An event's attributes, as JSON or as headers. */
class Context {
  readonly #attributes: CloudEventsAttributes;
  readonly #relations: RowJson<RelationParts>;
  readonly #transactions: PerTransaction<TransactionParts>;
  readonly #scratch = new JsonWriter(64);

  constructor(catalog: TypeCatalog, options: RowOptions, attributes: CloudEventsAttributes) {
    this.#attributes = attributes;
    this.#relations = new RowJson(catalog, options, (view) => renderRelation(view, attributes));
    this.#transactions = new PerTransaction((transaction) =>
      renderTransaction(transaction, attributes),
    );
  }

  /** All but the data, up to where that begins. */
  write(event: WritableEvent, out: JsonWriter): void {
    const transaction = this.#transactions.of(event.transaction);
    out.put(transaction.idStart);
    writeHexPadded(event.seq, out);
    out.put(transaction.sequenceStart);
    writeHexPadded(event.seq, out);
    if (event.op === 'message') return this.#writeOfMessage(event.prefix, out);
    const relation = this.#relations.of(event.relation);
    out.put(relation.fixed[event.op]);
    if (event.op !== 'truncate') this.#writeAllowedKey(event, out);
    out.byte(QUOTE);
  }

  headers(event: WritableEvent): Record<string, string> {
    const { source, typePrefix } = this.#attributes;
    const { committedAt } = event.transaction;
    const id = eventId({ commitLsn: event.transaction.commitLsn, seq: event.seq });
    const subject = event.op === 'message' ? event.prefix : tableName(event.relation);
    const partitionKey = this.#partitionKey(event);
    return {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': headerText(source),
      'ce-type': headerText(`${typePrefix}.${event.op}`),
      ...(subject === '' || isTooLongForHeader(subject)
        ? {}
        : { 'ce-subject': headerText(subject) }),
      ...(committedAt === null ? {} : { 'ce-time': postgresTimestamp(committedAt) }),
      'ce-sequence': id,
      ...(partitionKey === null ? {} : { 'ce-partitionkey': partitionKey }),
    };
  }

  #writeOfMessage(prefix: string, out: JsonWriter): void {
    out.ascii(`","type":"${this.#attributes.typePrefix}.message"`);
    // A subject is never empty.
    if (prefix === '') return;
    out.ascii(',"subject":');
    writeJsonText(attributeText(prefix), out);
  }

  /** The same, but what no attribute may hold is percent-encoded. */
  #writeAllowedKey(event: RowChange, out: JsonWriter): void {
    const start = out.length;
    this.#writeKey(event, out);
    if (!mayBeForbidden(out.bytes, start, out.length)) return;
    const inside = new TextDecoder().decode(out.bytes.subarray(start, out.length));
    const text = JSON.parse(`"${inside}"`) as string;
    const allowed = attributeText(text);
    if (allowed === text) return;
    out.length = start;
    out.put(new TextEncoder().encode(JSON.stringify(allowed).slice(1, -1)));
  }

  /** After the table's name: a colon and the key, where there is one. */
  #writeKey(event: RowChange, out: JsonWriter): void {
    const { key } = this.#relations.of(event.relation);
    if (key === null) return;
    out.ascii(':');
    key.writeText((column) => keyTuple(event, column), out);
  }

  /** As a header. */
  #partitionKey(event: WritableEvent): string | null {
    if (event.op === 'message') return null;
    const table = tableName(event.relation);
    if (event.op === 'truncate') return headerText(table);
    this.#scratch.clear();
    this.#writeKey(event, this.#scratch);
    if (this.#scratch.length === 0) return headerText(table);
    // The key alone, out of the string that it would be in JSON.
    const key = String(JSON.parse(`"${this.#scratch.text()}"`));
    return keyHeader(key.slice(1), `${table}:`);
  }
}

const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Controls come escaped in JSON; the others are DEL, or of two bytes and more. */
function mayBeForbidden(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] === BACKSLASH || bytes[i]! >= DELETE) return true;
  }
  return false;
}

type TransactionParts = {
  /** Up to the sequence within the id. */
  readonly idStart: Uint8Array;
  /** The same of the attribute `sequence`. */
  readonly sequenceStart: Uint8Array;
};

function renderTransaction(
  { commitLsn, committedAt }: Transaction,
  { source }: CloudEventsAttributes,
): TransactionParts {
  const commit = sortableLsn(commitLsn);
  const time = committedAt === null ? '' : `,"time":"${postgresTimestamp(committedAt)}"`;
  const start = `{"specversion":"1.0","source":${JSON.stringify(source)}${time}`;
  return {
    idStart: ascii(`${start},"datacontenttype":"application/json","id":"${commit}-`),
    sequenceStart: ascii(`","sequence":"${commit}-`),
  };
}

/** From the sequence's closing quote into the partition key, for each operation. */
type RelationParts = Readonly<Record<'insert' | 'update' | 'delete' | 'truncate', Uint8Array>>;

function renderRelation(view: RelationView, { typePrefix }: CloudEventsAttributes): RelationParts {
  const subject = JSON.stringify(attributeText(tableName(view)));
  const parts = (op: string): Uint8Array =>
    new TextEncoder().encode(
      `","type":"${typePrefix}.${op}","subject":${subject},"partitionkey":${subject.slice(0, -1)}`,
    );
  return {
    insert: parts('insert'),
    update: parts('update'),
    delete: parts('delete'),
    truncate: parts('truncate'),
  };
}

function tableName({ schema, table }: RelationView): string {
  return `${schema}.${table}`;
}
