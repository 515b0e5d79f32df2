import { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { type JsonValue, parseJson } from './lossless-json.ts';
import type { RowSide } from './row-side.ts';

/** A row by its columns' names, each value as the walhook event has it. */
export type Row = { [column: string]: JsonValue };

/** A column, and the way into the JSON document that it holds. */
export type ValuePlace = { readonly column: number; readonly steps: readonly string[] };

/** Reads a relation's values into JavaScript, each by way of the JSON that would be sent of it. */
export class RowReader {
  readonly view: RelationView;
  readonly #writers: readonly ValueWriter[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #text: TextScratch;

  constructor(view: RelationView, writers: readonly ValueWriter[], text: TextScratch) {
    this.view = view;
    this.#writers = writers;
    this.#indexes = new Map(view.columns.map(({ name }, index) => [name, index]));
    this.#text = text;
  }

  indexOf(column: string): number | undefined {
    return this.#indexes.get(column);
  }

  /** undefined where the row does not hold the column: the server did not send it. */
  value(tuple: Tuple, column: number): JsonValue | undefined {
    if (tuple.isNull(column)) return null;
    if (this.#writers[column] === writeJsonString) {
      const bytes = tuple.valueBytes(column);
      return bytes === null ? undefined : this.#text.decode(bytes);
    }
    const text = this.json(tuple, column);
    return text === undefined ? undefined : parseJson(text);
  }

  /** The value's JSON; undefined where the row holds no bytes of it. */
  json(tuple: Tuple, column: number): string | undefined {
    const start = tuple.bounds[column * 2] ?? -1;
    if (start < 0) return undefined;
    const write = this.#writers[column]!;
    return this.#text.of((out) => write(tuple.bytes, start, tuple.bounds[column * 2 + 1]!, out));
  }

  /** What the side holds at a place within a column; undefined: nothing. */
  valueAt(side: RowSide, { column, steps }: ValuePlace): JsonValue | undefined {
    if (side.columns?.includes(column) === false) return undefined;
    let value = this.value(side.tupleOf(column), column);
    for (const step of steps) value = memberOf(value, step);
    return value;
  }

  /** The columns that the side shows and holds. */
  row({ columns, tupleOf }: RowSide): Row {
    const row: Row = {};
    for (const column of columns ?? this.view.columns.keys()) {
      const value = this.value(tupleOf(column), column);
      if (value !== undefined) setOwn(row, this.view.columns[column]!.name, value);
    }
    return row;
  }
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Row)[name] : undefined;
}

/** A column may be called `__proto__`. */
export function setOwn(row: Row, name: string, value: JsonValue): void {
  if (name !== '__proto__') {
    row[name] = value;
    return;
  }
  Object.defineProperty(row, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

class TextScratch {
  readonly #out = new JsonWriter();
  // A text may begin with what would pass for a byte order mark.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  of(write: (out: JsonWriter) => void): string {
    this.#out.clear();
    write(this.#out);
    return this.decode(this.#out.written());
  }

  decode(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes);
  }
}

/** The readers of every relation met, compiled once each. */
export class RowReaders {
  readonly #catalog: TypeCatalog;
  readonly #values: ValueOptions;
  readonly #text = new TextScratch();
  readonly #compiled = new WeakMap<RelationView, RowReader>();

  constructor(catalog: TypeCatalog, values: ValueOptions) {
    this.#catalog = catalog;
    this.#values = values;
  }

  of(view: RelationView): RowReader {
    let reader = this.#compiled.get(view);
    if (reader === undefined) {
      const writers = view.columns.map(({ typeOid }) =>
        compileValueWriter(typeOid, view.types ?? this.#catalog, this.#values),
      );
      reader = new RowReader(view, writers, this.#text);
      this.#compiled.set(view, reader);
    }
    return reader;
  }
}
