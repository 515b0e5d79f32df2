import type { RowChange } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { type Hook0Labels, labelsOf, metadataOf } from './hook0-labels.ts';
import type { RowOptions } from './row-json.ts';

/** An event as an application worded it in a row. */
export type EventRow = {
  readonly eventType: string;
  /** null: the row has none that Hook0 could take. */
  readonly eventId: string | null;
  readonly occurredAt: string | null;
  readonly labels: Hook0Labels;
  readonly metadata: Hook0Labels;
  readonly writePayload: (out: JsonWriter) => void;
};

const COLUMNS = ['event_id', 'event_type', 'created_at', 'labels', 'metadata', 'payload'] as const;
type Column = (typeof COLUMNS)[number];
type Columns = Readonly<Record<Column, number>> & { readonly payloadWriter: ValueWriter };

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/;

/**
 * Rows of a table with the columns event_id, event_type, created_at, metadata, payload and labels. A
 * column that the endpoint may not see is as if it were not there.
 */
export class EventsTable {
  readonly #name: string;
  readonly #catalog: TypeCatalog;
  readonly #options: RowOptions;
  readonly #compiled = new WeakMap<RelationView, Columns>();

  /** `name`: `schema.table`. */
  constructor(name: string, catalog: TypeCatalog, options: RowOptions) {
    this.#name = name;
    this.#catalog = catalog;
    this.#options = options;
  }

  has({ schema, table }: RelationView): boolean {
    return `${schema}.${table}` === this.#name;
  }

  read(event: RowChange): EventRow {
    const columns = this.#columnsOf(event.relation);
    const row = event.new!;
    const text = (column: Column): string => textAt(row, columns[column]) ?? '';
    const eventId = text('event_id');
    const occurredAt = TIMESTAMP.exec(text('created_at'));
    return {
      eventType: text('event_type'),
      eventId: UUID.test(eventId) ? eventId : null,
      // Text of a timestamp is in UTC, as the session asks for; infinity, BC and years past 9999 are
      // beyond RFC 3339.
      occurredAt: occurredAt === null ? null : `${occurredAt[1]}T${occurredAt[2]}Z`,
      labels: labelsOf(text('labels')),
      metadata: metadataOf(text('metadata')),
      writePayload: (out) => writeColumn(row, columns.payload, columns.payloadWriter, out),
    };
  }

  #columnsOf(view: RelationView): Columns {
    let columns = this.#compiled.get(view);
    if (columns === undefined) this.#compiled.set(view, (columns = this.#compile(view)));
    return columns;
  }

  #compile(view: RelationView): Columns {
    const { values, columns: policy } = this.#options;
    const indexOf = (column: Column): number => {
      const index = view.columns.findIndex(({ name }) => name === column);
      if (index < 0 || policy === null) return index;
      return policy.writer(view, index, plain) === plain ? index : -1;
    };
    const payloadType = view.columns.find(({ name }) => name === 'payload')?.typeOid ?? 0;
    const plain = compileValueWriter(payloadType, view.types ?? this.#catalog, values);
    const indexes = Object.fromEntries(COLUMNS.map((column) => [column, indexOf(column)]));
    return { ...(indexes as Record<Column, number>), payloadWriter: plain };
  }
}

function textAt({ bytes, bounds }: Tuple, column: number): string | null {
  const start = bounds[column * 2] ?? -1;
  if (column < 0 || start < 0) return null;
  return new TextDecoder().decode(bytes.subarray(start, bounds[column * 2 + 1]));
}

function writeColumn(
  { bytes, bounds }: Tuple,
  column: number,
  write: ValueWriter,
  out: JsonWriter,
): void {
  const start = bounds[column * 2] ?? -1;
  if (column < 0 || start < 0) return out.ascii('null');
  write(bytes, start, bounds[column * 2 + 1]!, out);
}
