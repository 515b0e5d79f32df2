import { oldTupleWith, type RowChange, sameValue } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { compileValueWriter } from '../changes/values/compile.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import { ABSENT_VALUE, NULL_VALUE, type Tuple, UNCHANGED_VALUE } from '../pgoutput/tuple.ts';
import type { ColumnPolicy } from './column-policy.ts';
import { writeInsideString } from './string-inside.ts';
import { ascii, writeDecimal } from './text-bytes.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const UNDERSCORE = 0x5f;
const NULL = ascii('null');

const COLUMN_COUNT = ascii('{"column_count":');
const COLUMNS = ascii(',"columns":[');
const NULL_COLUMN = ascii('{"data_type":"n","length":0,"data":""}');
/** Unchanged and not sent, or taken out. */
const UNSENT_COLUMN = ascii('{"data_type":"u","length":0,"data":""}');
const TEXT_COLUMN = ascii('{"data_type":"t","length":');
const DATA = ascii(',"data":');
const PROCESSED = ascii('],"processed_length":');
/** What the protocol takes for the number of columns, and for each one's kind and length. */
const COUNT_BYTES = 2;
const KIND_BYTES = 1;
const LENGTH_BYTES = 4;

const replaced = new JsonWriter(64);

/** Into `replaced`. What a policy writes is ASCII without escapes: returns its length without quotes. */
function writeReplaced(write: ValueWriter, bytes: Uint8Array, start: number, end: number): number {
  replaced.clear();
  write(bytes, start, end, replaced);
  return replaced.length - 2;
}

const asItIs = (write: ValueWriter): ValueWriter => write;

type ColumnWriter = {
  readonly index: number;
  /** `"name":`, and the same after a comma. */
  readonly name: Uint8Array;
  readonly nextName: Uint8Array;
  readonly quotedName: Uint8Array;
  readonly write: ValueWriter;
  /** A policy writes something else than the value. */
  readonly isReplaced: boolean;
};

/** Some of a relation's columns as a JSON object, written from a tuple's bytes. */
export class ObjectWriter {
  readonly #columns: readonly ColumnWriter[];

  constructor(columns: readonly ColumnWriter[]) {
    this.#columns = columns;
  }

  /** Values that the row does not have, or the server did not send, are left out: absent is not null. */
  write(tuple: Tuple, out: JsonWriter): void {
    const { bytes, bounds } = tuple;
    let first = true;
    out.byte(OPEN_BRACE);
    for (const column of this.#columns) {
      const start = bounds[column.index * 2]!;
      if (start < NULL_VALUE) continue;
      const name = first ? column.name : column.nextName;
      first = false;
      out.put(name);
      if (start === NULL_VALUE) out.put(NULL);
      else column.write(bytes, start, bounds[column.index * 2 + 1]!, out);
    }
    out.byte(CLOSE_BRACE);
  }

  /**
   * The row after the change; what the server did not send of it comes from the old tuple. Where that
   * has none either, it is written as `missing`, or left out where there is no `missing`.
   */
  writeComplete(change: RowChange, missing: Uint8Array | null, out: JsonWriter): void {
    const tuple = change.new!;
    let first = true;
    out.byte(OPEN_BRACE);
    for (const column of this.#columns) {
      const old = tuple.isUnchanged(column.index) ? oldTupleWith(change, column.index) : null;
      const source = old ?? tuple;
      const start = source.bounds[column.index * 2]!;
      if (start === ABSENT_VALUE || (start === UNCHANGED_VALUE && missing === null)) continue;
      out.put(first ? column.name : column.nextName);
      first = false;
      if (start === NULL_VALUE) out.put(NULL);
      else if (start === UNCHANGED_VALUE) out.put(missing!);
      else column.write(source.bytes, start, source.bounds[column.index * 2 + 1]!, out);
    }
    out.byte(CLOSE_BRACE);
  }

  /**
   * The values as one text, `_` between: the inside of a JSON string, without its quotes. `afterValue`
   * may change the value that stands from `start` to the end.
   */
  writeText(
    tupleOf: (column: number) => Tuple,
    out: JsonWriter,
    afterValue?: (out: JsonWriter, start: number, isNull: boolean) => void,
  ): void {
    let first = true;
    for (const column of this.#columns) {
      if (!first) out.byte(UNDERSCORE);
      first = false;
      const { bytes, bounds } = tupleOf(column.index);
      const start = bounds[column.index * 2]!;
      const valueStart = out.length;
      if (start < 0) out.put(NULL);
      else writeInsideString(column.write, bytes, start, bounds[column.index * 2 + 1]!, out);
      afterValue?.(out, valueStart, start < 0);
    }
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

  /** The values that a column of `current` no longer has, as far as `old` has them. */
  writeFormer(old: Tuple, current: Tuple, out: JsonWriter): void {
    let first = true;
    out.byte(OPEN_BRACE);
    for (const column of this.#columns) {
      const { index } = column;
      const start = old.bounds[index * 2]!;
      if (start < NULL_VALUE || current.isUnchanged(index)) continue;
      if (sameValue(old, current, index)) continue;
      out.put(first ? column.name : column.nextName);
      first = false;
      if (start === NULL_VALUE) out.put(NULL);
      else column.write(old.bytes, start, old.bounds[index * 2 + 1]!, out);
    }
    out.byte(CLOSE_BRACE);
  }

  /**
   * The columns in their order, without names, each as the protocol has it: its kind, its length in
   * bytes, and the value, which its writer has to write as a string.
   * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html (TupleData)
   */
  writeTuple({ bytes, bounds }: Tuple, out: JsonWriter): void {
    let tupleBytes = COUNT_BYTES;
    out.put(COLUMN_COUNT);
    writeDecimal(this.#columns.length, out);
    out.put(COLUMNS);
    let first = true;
    for (const { index, write, isReplaced } of this.#columns) {
      const start = bounds[index * 2]!;
      const end = bounds[index * 2 + 1]!;
      if (!first) out.byte(COMMA);
      first = false;
      tupleBytes += KIND_BYTES;
      if (start === NULL_VALUE) out.put(NULL_COLUMN);
      else if (start < 0) out.put(UNSENT_COLUMN);
      else {
        const length = isReplaced ? writeReplaced(write, bytes, start, end) : end - start;
        tupleBytes += LENGTH_BYTES + length;
        out.put(TEXT_COLUMN);
        writeDecimal(length, out);
        out.put(DATA);
        if (isReplaced) out.copy(replaced.bytes, 0, replaced.length);
        else write(bytes, start, end, out);
        out.byte(CLOSE_BRACE);
      }
    }
    out.put(PROCESSED);
    writeDecimal(tupleBytes, out);
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

export type RowOptions = {
  readonly values: ValueOptions;
  /** null: every column, as it is. */
  readonly columns: ColumnPolicy | null;
  /** The writer of a whole column's values, where it is another than that of the same within others. */
  readonly column?: (write: ValueWriter) => ValueWriter;
};

export type RelationJson<Fixed> = {
  readonly view: RelationView;
  /** What the format itself renders once a relation. */
  readonly fixed: Fixed;
  readonly row: ObjectWriter;
  readonly identity: ObjectWriter;
  /** null for a table without a key, or of whose key nothing may be shown. */
  readonly key: ObjectWriter | null;
  /** Whether `key` has all of the key's columns, none masked: less may be the same for two rows. */
  readonly keyIsWhole: boolean;
};

/** The writers of every relation met, compiled once each. */
export class RowJson<Fixed> {
  readonly #catalog: TypeCatalog;
  readonly #options: RowOptions;
  readonly #renderFixed: (view: RelationView) => Fixed;
  readonly #compiled = new WeakMap<RelationView, RelationJson<Fixed>>();
  #last: RelationJson<Fixed> | null = null;

  constructor(
    catalog: TypeCatalog,
    options: RowOptions,
    renderFixed: (view: RelationView) => Fixed,
  ) {
    this.#catalog = catalog;
    this.#options = options;
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
    const columns = view.columns.map((_, index) => this.#columnWriter(view, index));
    const some = (indexes: readonly number[]): ColumnWriter[] =>
      indexes.flatMap((index) => columns[index] ?? []);
    const key = some(view.keyColumns);
    return {
      view,
      fixed: this.#renderFixed(view),
      row: new ObjectWriter(columns.filter((column) => column !== null)),
      identity: new ObjectWriter(some(view.identityColumns)),
      key: key.length === 0 ? null : new ObjectWriter(key),
      keyIsWhole:
        key.length === view.keyColumns.length &&
        !view.keyColumns.some((column) => this.#options.columns?.masks(view, column) === true),
    };
  }

  #columnWriter(view: RelationView, index: number): ColumnWriter | null {
    const { values, columns: policy, column = asItIs } = this.#options;
    const { name, typeOid } = view.columns[index]!;
    const plain = column(compileValueWriter(typeOid, view.types ?? this.#catalog, values));
    const write = policy === null ? plain : policy.writer(view, index, plain);
    if (write === null) return null;
    const encoder = new TextEncoder();
    const quoted = JSON.stringify(name);
    return {
      index,
      name: encoder.encode(`${quoted}:`),
      nextName: encoder.encode(`,${quoted}:`),
      quotedName: encoder.encode(quoted),
      write,
      isReplaced: write !== plain,
    };
  }
}
