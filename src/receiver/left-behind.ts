import type { Row, WalhookEvent } from './event.ts';
import type { JsonValue } from './lossless-json.ts';

/** As the endpoint is configured: what has to be handled in the order of the commits. */
export type Ordering = 'strict' | 'key' | 'none';

/**
 * The rows whose event failed. What comes after it, of the same row, has to wait until it was sent
 * again: handled first, it would be overwritten by the older one.
 */
export class LeftBehind {
  readonly #ordering: Ordering;
  readonly #rows = new Set<string>();
  #all = false;

  constructor(ordering: Ordering) {
    this.#ordering = ordering;
  }

  /** Whether the event has to wait for one that failed. */
  holds(event: WalhookEvent): boolean {
    if (this.#all) return true;
    const rows = rowsOf(event);
    return rows === 'all' ? this.#rows.size > 0 : rows.some((row) => this.#rows.has(row));
  }

  add(event: WalhookEvent): void {
    if (this.#ordering === 'none') return;
    const rows = this.#ordering === 'strict' ? 'all' : rowsOf(event);
    if (rows === 'all') this.#all = true;
    else for (const row of rows) this.#rows.add(row);
  }
}

/**
 * A truncate and a message stand between what is before and after them, whatever its row. Events of an
 * outbox have an order within their own key, and without one none.
 */
function rowsOf(event: WalhookEvent): readonly string[] | 'all' {
  switch (event.op) {
    case 'insert':
    case 'read':
    case 'delete':
      return [rowName(event.schema, event.table, event.key)];
    case 'update': {
      const { schema, table, key } = event;
      return [rowName(schema, table, key), rowName(schema, table, previousKey(event))];
    }
    case undefined:
      return event.key === null ? [] : [rowName('an outbox', '', event.key)];
    default:
      return 'all';
  }
}

/** A table without a key is ordered as a whole. */
function rowName(schema: string, table: string, key: JsonValue): string {
  return JSON.stringify([schema, table, key], (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

/** `before` has all columns under replica identity full, else the key alone, or nothing. */
function previousKey({ key, before }: { key: Row | null; before: Row | null }): Row | null {
  if (key === null || before === null) return key;
  const columns = Object.keys(key);
  return Object.fromEntries(columns.map((name) => [name, (name in before ? before : key)[name]!]));
}
