import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import { NULL_VALUE, type Tuple, UNCHANGED_VALUE } from '../pgoutput/tuple.ts';
import { ascii } from './text-bytes.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const NULL = ascii('null');

type ColumnWriter = {
  readonly index: number;
  /** `"name":`, and the same after a comma. */
  readonly name: Uint8Array;
  readonly nextName: Uint8Array;
  readonly quotedName: Uint8Array;
  readonly write: ValueWriter;
};

/** Some of a relation's columns as a JSON object, written from a tuple's bytes. */
export class ObjectWriter {
  readonly #columns: readonly ColumnWriter[];

  constructor(columns: readonly ColumnWriter[]) {
    this.#columns = columns;
  }

  /** Values that the server did not send are left out: absent is not null. */
  write(tuple: Tuple, out: JsonWriter): void {
    const { bytes, bounds } = tuple;
    let first = true;
    out.byte(OPEN_BRACE);
    for (const column of this.#columns) {
      const start = bounds[column.index * 2]!;
      if (start === UNCHANGED_VALUE) continue;
      const name = first ? column.name : column.nextName;
      first = false;
      out.put(name);
      if (start === NULL_VALUE) out.put(NULL);
      else column.write(bytes, start, bounds[column.index * 2 + 1]!, out);
    }
    out.byte(CLOSE_BRACE);
  }

  /** Each column from the tuple that has it. */
  writeFrom(tupleOf: (column: number) => Tuple, out: JsonWriter): void {
    let first = true;
    out.byte(OPEN_BRACE);
    for (const column of this.#columns) {
      const { bytes, bounds } = tupleOf(column.index);
      const start = bounds[column.index * 2]!;
      const name = first ? column.name : column.nextName;
      first = false;
      out.put(name);
      if (start < 0) out.put(NULL);
      else column.write(bytes, start, bounds[column.index * 2 + 1]!, out);
    }
    out.byte(CLOSE_BRACE);
  }

  /** Names of the columns that an update left alone and the server did not send. */
  writeUnchanged(tuple: Tuple, out: JsonWriter): void {
    const { bounds } = tuple;
    let first = true;
    for (const column of this.#columns) {
      if (bounds[column.index * 2] !== UNCHANGED_VALUE) continue;
      if (!first) out.byte(COMMA);
      first = false;
      out.put(column.quotedName);
    }
  }
}

export type RelationJson<Fixed> = {
  readonly view: RelationView;
  /** What the format itself renders once a relation. */
  readonly fixed: Fixed;
  readonly row: ObjectWriter;
  readonly identity: ObjectWriter;
  /** null for a table without a key. */
  readonly key: ObjectWriter | null;
};

/** The writers of every relation met, compiled once each. */
export class RowJson<Fixed> {
  readonly #catalog: TypeCatalog;
  readonly #values: ValueOptions;
  readonly #renderFixed: (schema: string, table: string) => Fixed;
  readonly #compiled = new WeakMap<RelationView, RelationJson<Fixed>>();
  #last: RelationJson<Fixed> | null = null;

  constructor(
    catalog: TypeCatalog,
    values: ValueOptions,
    renderFixed: (schema: string, table: string) => Fixed,
  ) {
    this.#catalog = catalog;
    this.#values = values;
    this.#renderFixed = renderFixed;
  }

  of(view: RelationView): RelationJson<Fixed> {
    if (this.#last?.view === view) return this.#last;
    let compiled = this.#compiled.get(view);
    if (compiled === undefined) this.#compiled.set(view, (compiled = this.#compile(view)));
    this.#last = compiled;
    return compiled;
  }

  #compile(view: RelationView): RelationJson<Fixed> {
    const encoder = new TextEncoder();
    const columns = view.columns.map((column, index): ColumnWriter => {
      const quoted = JSON.stringify(column.name);
      return {
        index,
        name: encoder.encode(`${quoted}:`),
        nextName: encoder.encode(`,${quoted}:`),
        quotedName: encoder.encode(quoted),
        write: compileValueWriter(column.typeOid, this.#catalog, this.#values),
      };
    });
    const some = (indexes: readonly number[]): ObjectWriter =>
      new ObjectWriter(indexes.map((index) => columns[index]!));
    return {
      view,
      fixed: this.#renderFixed(view.schema, view.table),
      row: new ObjectWriter(columns),
      identity: some(view.identityColumns),
      key: view.keyColumns.length === 0 ? null : some(view.keyColumns),
    };
  }
}
