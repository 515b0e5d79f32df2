import type { Row, WalhookEvent } from './received-event.ts';
import { KEYS } from './workload.ts';

type KnownRow = { readonly lastId: string; readonly row: Row | null };

/**
 * The source's tables as a receiver rebuilds them: a row takes an event only if its id is later than
 * that of the last event it took, so that a repeat changes nothing.
 */
export class Replica {
  readonly #rows = new Map<string, Map<string, KnownRow>>();
  readonly #truncatedBy = new Map<string, string>();
  /** Rows without a key are known by nothing but their content. */
  readonly #unkeyed = new Map<string, WalhookEvent>();

  apply(event: WalhookEvent): void {
    const { table } = event;
    if (table === null) return;
    if (KEYS[table] === null) this.#unkeyed.set(event.id, event);
    else if (event.op === 'truncate') this.#truncate(table, event.id);
    else this.#change(table, event);
  }

  /** Each table's rows as text, sorted. */
  contents(): Record<string, string[]> {
    const tables = Object.entries(KEYS).map(([table, key]) => {
      const rows =
        key === null
          ? this.#contentOfUnkeyed(table)
          : [...this.#known(table).values()].flatMap(({ row }) => (row === null ? [] : [row]));
      return [table, rows.map(rowText).sort()] as const;
    });
    return Object.fromEntries(tables);
  }

  #known(table: string): Map<string, KnownRow> {
    let rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, (rows = new Map()));
    return rows;
  }

  #truncate(table: string, id: string): void {
    if (id < (this.#truncatedBy.get(table) ?? '')) return;
    this.#truncatedBy.set(table, id);
    const rows = this.#known(table);
    for (const [key, { lastId }] of rows) if (lastId < id) rows.delete(key);
  }

  #change(table: string, { id, op, key, before, after }: WalhookEvent): void {
    const rows = this.#known(table);
    const isNews = (text: string): boolean =>
      id > (rows.get(text)?.lastId ?? this.#truncatedBy.get(table) ?? '');
    const now = rowText(key!);
    const was = op === 'update' && before !== null ? rowText(keyOf(table, before)) : now;
    const old = rows.get(was)?.row ?? {};
    if (was !== now && isNews(was)) rows.set(was, { lastId: id, row: null });
    // A value that the update left alone is not sent.
    const row = op === 'delete' ? null : op === 'insert' ? after! : { ...old, ...after };
    if (isNews(now)) rows.set(now, { lastId: id, row });
  }

  #contentOfUnkeyed(table: string): Row[] {
    let rows: string[] = [];
    const remove = (row: Row): void => {
      rows.splice(rows.indexOf(rowText(row)), 1);
    };
    const events = [...this.#unkeyed.values()].filter((event) => event.table === table);
    for (const { op, before, after } of events.sort((a, b) => (a.id < b.id ? -1 : 1))) {
      if (op === 'truncate') rows = [];
      if (before !== null) remove(before);
      if (after !== null) rows.push(rowText(after));
    }
    return rows.map((row) => JSON.parse(row) as Row);
  }
}

export function keyOf(table: string, row: Row): Row {
  return Object.fromEntries(KEYS[table]!.map((column) => [column, row[column]]));
}

export function rowText(row: Row): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}
