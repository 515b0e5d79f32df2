type Row = Readonly<Record<string, unknown>>;

/** The fields of a `walhook` event that a copy of the tables needs. */
export type ShopEvent = {
  readonly id: string;
  readonly op: string;
  readonly table: string;
  readonly key: Row;
  readonly before: Row | null;
  readonly after: Row | null;
};

/** The shop's tables as the events tell them, kept by a receiver who never sees the database. */
export class ShopCopy {
  readonly #tables = new Map<string, Map<string, Row>>();
  readonly #lastOfKey = new Map<string, string>();
  readonly #seen = new Set<string>();
  duplicates = 0;
  outOfOrder = 0;

  get events(): number {
    return this.#seen.size;
  }

  apply(event: ShopEvent): void {
    if (this.#seen.has(event.id)) {
      this.duplicates += 1;
      return;
    }
    this.#seen.add(event.id);
    const key = canonical(event.key);
    const row = `${event.table} ${key}`;
    // Ids sort in commit order.
    if ((this.#lastOfKey.get(row) ?? '') > event.id) this.outOfOrder += 1;
    this.#lastOfKey.set(row, event.id);
    const table = this.#table(event.table);
    if (event.before !== null && event.op === 'update')
      table.delete(keyLike(event.key, event.before));
    if (event.after === null) table.delete(key);
    else table.set(key, event.after);
  }

  /** Rows that differ from the source's, in either direction. */
  differences(name: string, rows: readonly Row[], keyColumns: readonly string[]): number {
    const copied = this.#table(name);
    const sameRows = rows.filter((row) => {
      const key = canonical(Object.fromEntries(keyColumns.map((column) => [column, row[column]])));
      const copy = copied.get(key);
      return copy !== undefined && canonical(copy) === canonical(row);
    });
    return rows.length - sameRows.length + (copied.size - sameRows.length);
  }

  #table(name: string): Map<string, Row> {
    let table = this.#tables.get(name);
    if (table === undefined) this.#tables.set(name, (table = new Map()));
    return table;
  }
}

/** The key that a row had before, from the columns of the key that it has now. */
function keyLike(key: Row, before: Row): string {
  return canonical(Object.fromEntries(Object.keys(key).map((name) => [name, before[name]])));
}

/** JSON with its names in order: equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
