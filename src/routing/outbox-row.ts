import type { JsonWriter } from '../changes/json-writer.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';
import type { OutboxEvent, OutboxField } from '../formats/outbox-event.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { outboxText } from './outbox-text.ts';

/** Where each field stands in the outbox's table; absent: the table has no column of it. */
export type OutboxColumns = Readonly<
  Partial<Record<OutboxField, { readonly index: number; readonly write: ValueWriter }>>
>;

/** A row of the outbox's table. */
export class OutboxRow implements OutboxEvent {
  readonly #columns: OutboxColumns;
  readonly #row: Tuple;

  constructor(columns: OutboxColumns, row: Tuple) {
    this.#columns = columns;
    this.#row = row;
  }

  write(field: OutboxField, out: JsonWriter): void {
    const column = this.#columns[field];
    const { bytes, bounds } = this.#row;
    const start = column === undefined ? -1 : bounds[column.index * 2]!;
    if (column === undefined || start < 0) out.ascii('null');
    else column.write(bytes, start, bounds[column.index * 2 + 1]!, out);
  }

  text(field: OutboxField): string | null {
    return outboxText(this, field);
  }
}
