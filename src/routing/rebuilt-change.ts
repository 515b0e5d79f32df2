import type { RowChange } from '../changes/change-event.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import type { OldTuple } from '../pgoutput/messages.ts';
import { ABSENT_VALUE, NULL_VALUE, type Tuple, UNCHANGED_VALUE } from '../pgoutput/tuple.ts';
import { CellReader, type ColumnCells } from './column-cells.ts';
import type { RelationShapes } from './relation-shapes.ts';
import type { RowReader } from './row-reader.ts';
import { tupleOfCells } from './tuple-of-cells.ts';
import type { Rows } from './transform-event.ts';

/** What a transform made of a row change. */
export type GivenChange = Rows & {
  readonly schema: string;
  readonly table: string;
  readonly unchanged: readonly string[];
};

/**
 * The change as its rows are after a transform, a change event like any other, so that every format
 * can write it. A value that was left alone keeps its type and its bytes.
 */
export function rebuiltChange(
  source: RowChange,
  originals: Rows,
  given: GivenChange,
  reader: RowReader,
  shapes: RelationShapes,
  values: ValueOptions,
): RowChange {
  const cells = new CellReader(source, originals, given, reader, values).columns();
  const unchanged = new Set(given.unchanged);
  const columns = cells.filter(
    (each) => isHeld(each) || unchanged.has(each.column.name) || !wasSeen(source, each.source),
  );
  const old = given.before === null ? null : oldTuple(source, columns);
  const relation = shapes.of(source.relation, {
    schema: given.schema,
    table: given.table,
    columns: columns.map(({ column }) => column),
    keyColumns: indexesWhere(columns, ({ key }) => key !== null),
    identityColumns: indexesWhere(columns, (each) => isIdentity(source, old, each)),
  });
  const current = given.after === null ? null : newTuple(columns, unchanged);
  const change: RowChange = { ...source, relation, old, new: current };
  if (columns.every((each) => rowsHoldKey(each, given, unchanged))) return change;
  return { ...change, key: tupleOfCells(columns.map(({ key }) => key ?? ABSENT_VALUE)) };
}

function isHeld({ key, before, after }: ColumnCells): boolean {
  return key !== null || before !== null || after !== null;
}

/** Whether the transform could see the column: of an old row that is a key alone it sees the key. */
function wasSeen(source: RowChange, column: number | null): boolean {
  if (column === null || source.new !== null || source.old?.kind === 'full') return true;
  return source.relation.identityColumns.includes(column);
}

function oldTuple(source: RowChange, columns: readonly ColumnCells[]): OldTuple {
  const kind = source.old?.kind ?? 'full';
  const absent = kind === 'key' ? NULL_VALUE : ABSENT_VALUE;
  return { kind, tuple: tupleOfCells(columns.map(({ before }) => before ?? absent)) };
}

function isIdentity(source: RowChange, old: OldTuple | null, column: ColumnCells): boolean {
  if (old?.kind === 'key') return column.before !== null;
  return column.source !== null && source.relation.identityColumns.includes(column.source);
}

function newTuple(columns: readonly ColumnCells[], unchanged: ReadonlySet<string>): Tuple {
  return tupleOfCells(
    columns.map(
      ({ column, after }) => after ?? (unchanged.has(column.name) ? UNCHANGED_VALUE : ABSENT_VALUE),
    ),
  );
}

/** Whether the key's value is the one that is found where keys are looked for: see keyTuple. */
function rowsHoldKey(
  { column, key, before, after }: ColumnCells,
  given: GivenChange,
  unchanged: ReadonlySet<string>,
): boolean {
  if (key === null) return true;
  const isInNew = given.after !== null && (after !== null || !unchanged.has(column.name));
  const held = isInNew ? after : before;
  return held !== null && sameBytes(held.bytes, key.bytes);
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function indexesWhere(
  columns: readonly ColumnCells[],
  test: (column: ColumnCells) => boolean,
): number[] {
  return columns.flatMap((column, index) => (test(column) ? [index] : []));
}
