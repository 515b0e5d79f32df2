import { type ChangeEvent, positionOf, type RowChange } from '../changes/change-event.ts';
import { eventId } from '../changes/position.ts';
import { hashBytes, type RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { OutboxEvent, OutboxField, OutboxReader } from '../formats/outbox-event.ts';
import { tablePattern, textPattern } from './name-pattern.ts';
import { FIELD_NAMES, FIELDS } from './outbox-fields.ts';
import { outboxMessage } from './outbox-message.ts';
import { OutboxRow, type OutboxColumns } from './outbox-row.ts';

export type OutboxOptions = {
  /** A pattern of the outbox's table; the others name its columns. */
  readonly table?: string | undefined;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly key?: string | undefined;
  readonly payload?: string | undefined;
  readonly headers?: string | undefined;
  readonly occurredAt?: string | undefined;
  /** Logical messages whose prefix is as the pattern. */
  readonly messages?: { readonly prefix: string } | undefined;
};

export type Outbox = {
  /** Only what was put into the outbox. Throws WalhookError `outbox_failed` where a column is missing. */
  readonly wants: (event: ChangeEvent) => boolean;
  readonly read: OutboxReader;
  /** Of the event's own key; of its place, where it has none. null: not the outbox's to say. */
  readonly laneHash: (event: ChangeEvent) => number | null;
};

const NEEDED: ReadonlySet<OutboxField> = new Set(['type', 'payload']);

export function compileOutbox(
  endpoint: string,
  options: OutboxOptions,
  catalog: TypeCatalog,
  values: ValueOptions,
): Outbox {
  const { table, messages } = options;
  const isTable = table === undefined ? () => false : tablePattern(table);
  const isPrefix = messages === undefined ? () => false : textPattern(messages.prefix);
  const compiled = new WeakMap<RelationView, OutboxColumns | 'another table'>();

  function columnsOf(relation: RelationView): OutboxColumns | null {
    let columns = compiled.get(relation);
    if (columns === undefined) {
      const isOutbox = isTable(relation.schema, relation.table);
      columns = isOutbox ? compileColumns(relation) : 'another table';
      compiled.set(relation, columns);
    }
    return columns === 'another table' ? null : columns;
  }

  function compileColumns(relation: RelationView): OutboxColumns {
    const columns: { -readonly [F in keyof OutboxColumns]: OutboxColumns[F] } = {};
    for (const field of FIELDS) {
      const name = options[field] ?? FIELD_NAMES[field];
      const index = relation.columns.findIndex((column) => column.name === name);
      if (index === -1) continue;
      const write = compileValueWriter(
        relation.columns[index]!.typeOid,
        relation.types ?? catalog,
        values,
      );
      columns[field] = { index, write };
    }
    return columns;
  }

  function checkColumns(event: RowChange, columns: OutboxColumns): void {
    for (const field of FIELDS) {
      const isNeeded = NEEDED.has(field) || options[field] !== undefined;
      if (!isNeeded || columns[field] !== undefined) continue;
      const { schema, table: name } = event.relation;
      const column = options[field] ?? FIELD_NAMES[field];
      const id = eventId(positionOf(event));
      const message = `${schema}.${name} has no column ${column}, which is the outbox's ${field}`;
      throw new WalhookError('outbox_failed', `Endpoint ${endpoint}, event ${id}: ${message}`, {
        detail: endpoint,
      });
    }
  }

  function read(event: ChangeEvent): OutboxEvent | null {
    if (event.op === 'message') return isPrefix(event.prefix) ? outboxMessage(event) : null;
    if (event.op !== 'insert') return null;
    const columns = columnsOf(event.relation);
    return columns === null ? null : new OutboxRow(columns, event.new!);
  }

  return {
    wants(event) {
      if (event.op === 'message') return isPrefix(event.prefix);
      if (event.op === 'oversized') {
        // Its prefix cannot be read: better known to somebody than to nobody.
        if (event.relation === null) return messages !== undefined;
        return event.originalOp === 'insert' && columnsOf(event.relation) !== null;
      }
      // What is done to rows that have been delivered is the outbox's housekeeping.
      if (event.op !== 'insert') return false;
      const columns = columnsOf(event.relation);
      if (columns === null) return false;
      checkColumns(event, columns);
      return true;
    },
    read,
    laneHash(event) {
      const outbox = read(event);
      if (outbox === null) return null;
      const key = outbox.text('key');
      const text = key === null ? eventId(positionOf(event)) : `key ${byValue(key)}`;
      const bytes = utf8.encode(text);
      return hashBytes(0, bytes, 0, bytes.length);
    },
  };
}

const utf8 = new TextEncoder();

/** A number's zeros at the end say nothing: numeric and JSON have several texts for one number. */
function byValue(key: string): string {
  if (!/^-?\d+\.\d+$/.test(key)) return key === '-0' ? '0' : key;
  const short = key.replace(/\.?0+$/, '');
  return short === '-0' ? '0' : short;
}
