import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import { NULL_VALUE, type Tuple, UNCHANGED_VALUE } from '../pgoutput/tuple.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;

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
      out.copy(name, 0, name.length);
      if (start === NULL_VALUE) out.ascii('null');
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
      out.copy(name, 0, name.length);
      if (start < 0) out.ascii('null');
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
      out.copy(column.quotedName, 0, column.quotedName.length);
    }
  }
}

export type RelationJson = {
  readonly view: RelationView;
  readonly row: ObjectWriter;
  readonly identity: ObjectWriter;
  /** null for a table without a key. */
  readonly key: ObjectWriter | null;
};

/** The writers of every relation met, compiled once each. */
export class RowJson {
  readonly #catalog: TypeCatalog;
  readonly #values: ValueOptions;
  readonly #compiled = new WeakMap<RelationView, RelationJson>();
  #last: RelationJson | null = null;

  constructor(catalog: TypeCatalog, values: ValueOptions) {
    this.#catalog = catalog;
    this.#values = values;
  }

  of(view: RelationView): RelationJson {
    if (this.#last?.view === view) return this.#last;
    let compiled = this.#compiled.get(view);
    if (compiled === undefined) this.#compiled.set(view, (compiled = this.#compile(view)));
    this.#last = compiled;
    return compiled;
  }

  #compile(view: RelationView): RelationJson {
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
      row: new ObjectWriter(columns),
      identity: some(view.identityColumns),
      key: view.keyColumns.length === 0 ? null : some(view.keyColumns),
    };
  }
}
