import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import type { RowChange } from '../changes/change-event.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import type { RelationColumn } from '../pgoutput/messages.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { jsonText } from './lossless-json.ts';
import type { Row, RowReader } from './row-reader.ts';
import { afterSide, beforeSide, keySide, type RowSide } from './row-side.ts';
import type { Rows } from './transform-event.ts';
import { type Cell, cellOf, NULL_CELL } from './value-cell.ts';

/** A column of the new shape, with what key, before and after hold of it; null: they do not. */
export type ColumnCells = {
  readonly column: RelationColumn;
  /** Its index in the relation it came from; null for one that the transform added. */
  readonly source: number | null;
  readonly key: Cell | null;
  readonly before: Cell | null;
  readonly after: Cell | null;
};

/** What a transform's rows hold of each column: of what it left alone the bytes as they were. */
export class CellReader {
  readonly #source: RowChange;
  readonly #originals: Rows;
  readonly #given: Rows;
  readonly #reader: RowReader;
  readonly #values: ValueOptions;
  readonly #sides: Readonly<Record<keyof Rows, RowSide | null>>;

  constructor(
    source: RowChange,
    originals: Rows,
    given: Rows,
    reader: RowReader,
    values: ValueOptions,
  ) {
    this.#source = source;
    this.#originals = originals;
    this.#given = given;
    this.#reader = reader;
    this.#values = values;
    this.#sides = { key: keySide(source), before: beforeSide(source), after: afterSide(source) };
  }

  /** Those of the relation in their order, then what the transform added. */
  columns(): ColumnCells[] {
    const { columns } = this.#source.relation;
    const known = columns.map((column, index) => this.#column(column, index));
    const { after, before, key } = this.#given;
    const added = new Set<string>();
    for (const row of [after, before, key]) {
      if (row === null) continue;
      for (const name of Object.keys(row)) {
        if (this.#reader.indexOf(name) === undefined) added.add(name);
      }
    }
    for (const name of added) {
      const column = { name, typeOid: builtin.text.oid, typeModifier: -1, isKey: false };
      known.push(this.#column(column, null));
    }
    return known;
  }

  #column(column: RelationColumn, index: number | null): ColumnCells {
    const key = this.#cell('key', column, index);
    const before = this.#cell('before', column, index);
    const after = this.#cell('after', column, index);
    const typeOid = commonType([key, before, after], column.typeOid);
    if (typeOid !== null) {
      return { column: retyped(column, typeOid), source: index, key, before, after };
    }
    // A column has one type: what is of several is JSON.
    return {
      column: retyped(column, builtin.jsonb.oid),
      source: index,
      key: asJson(key),
      before: asJson(before),
      after: asJson(after),
    };
  }

  #cell(row: keyof Rows, { name, typeOid }: RelationColumn, index: number | null): Cell | null {
    const given = own(this.#given[row], name);
    if (given === undefined) return null;
    const side = this.#sides[row];
    if (index !== null && side !== null && this.#isUntouched(row, name, given, side, index)) {
      return this.#originalCell(side.tupleOf(index), index, typeOid);
    }
    return cellOf(given, index === null ? null : typeOid, this.#values);
  }

  #isUntouched(
    row: keyof Rows,
    name: string,
    given: unknown,
    side: RowSide,
    column: number,
  ): boolean {
    const original = own(this.#originals[row], name);
    if (typeof given !== 'object' || given === null) return given === original;
    if (typeof original !== 'object' || original === null) return false;
    // It may be the same object, and another within: what it was is read once more.
    return jsonText(given) === jsonText(this.#reader.valueAt(side, { column, steps: [] }));
  }

  #originalCell(tuple: Tuple, column: number, typeOid: number): Cell {
    const bytes = tuple.valueBytes(column);
    if (bytes === null) return NULL_CELL;
    return { typeOid, bytes, json: () => this.#reader.json(tuple, column)! };
  }
}

function own(row: Row | null, name: string): unknown {
  return row !== null && Object.hasOwn(row, name) ? row[name] : undefined;
}

/** null: there are several. `ownType`: the type of nothing but nulls. */
function commonType(cells: readonly (Cell | null)[], ownType: number): number | null {
  let common: number | null = null;
  for (const cell of cells) {
    if (cell === null || cell.typeOid === null) continue;
    if (common !== null && cell.typeOid !== common) return null;
    common = cell.typeOid;
  }
  return common ?? ownType;
}

function retyped(column: RelationColumn, typeOid: number): RelationColumn {
  return column.typeOid === typeOid ? column : { ...column, typeOid, typeModifier: -1 };
}

function asJson(cell: Cell | null): Cell | null {
  if (cell === null || cell.bytes === null) return cell;
  return { ...cell, typeOid: builtin.jsonb.oid, bytes: new TextEncoder().encode(cell.json()) };
}
