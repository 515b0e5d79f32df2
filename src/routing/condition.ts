import type { ChangeEvent, OversizedChange, RowChange } from '../changes/change-event.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { type ColumnKind, columnKind } from './column-kind.ts';
import { type Comparison, type Scalar, valueTest } from './comparison.ts';
import { isRowColumnChanged } from './changed-column.ts';
import type { JsonValue } from './lossless-json.ts';
import { RowReaders, type ValuePlace } from './row-reader.ts';
import { beforeSide, keySide, knownAfterSide, type RowSide } from './row-side.ts';

/**
 * A filter's `where` that YAML and JSON can hold. Its entries all have to hold; `and` and `or` take a
 * list of further conditions, `not` one. Any other name is a path: `after.status`, `before.status`,
 * `key.id`, `after.meta.kind` into a JSON document, or `op`, `schema`, `table`, `prefix`.
 */
export type Condition = {
  readonly [path: string]: Scalar | Comparison | Condition | readonly Condition[];
};

type ReadableEvent = Exclude<ChangeEvent, OversizedChange>;
type Test = (event: ReadableEvent) => boolean;

export const EVENT_PATHS = ['op', 'schema', 'table', 'prefix'] as const;
export const ROW_ROOTS = ['after', 'before', 'key'] as const;

const SIDES = { after: knownAfterSide, before: beforeSide, key: keySide } satisfies Record<
  (typeof ROW_ROOTS)[number],
  (event: RowChange) => RowSide | null
>;

/** Takes a condition that the configuration has accepted. */
export function compileCondition(condition: Condition, catalog: TypeCatalog): Test {
  // All digits, however the endpoint wants its numbers written.
  const readers = new RowReaders(catalog, { int8: 'number', numeric: 'string' });

  function all(conditions: readonly Condition[]): Test {
    const tests = conditions.map(allOf);
    return (event) => tests.every((test) => test(event));
  }

  function allOf(entries: Condition): Test {
    const tests = Object.entries(entries).map(([name, wanted]) => entryTest(name, wanted));
    if (tests.length === 1) return tests[0]!;
    return (event) => tests.every((test) => test(event));
  }

  function entryTest(name: string, wanted: Condition[string]): Test {
    if (name === 'and') return all(wanted as readonly Condition[]);
    if (name === 'not') {
      const test = allOf(wanted as Condition);
      return (event) => !test(event);
    }
    if (name === 'or') {
      const tests = (wanted as readonly Condition[]).map(allOf);
      return (event) => tests.some((test) => test(event));
    }
    const comparison = isComparison(wanted) ? wanted : { eq: wanted as Scalar };
    return isEventPath(name) ? eventTest(name, comparison) : rowTest(name, comparison);
  }

  function rowTest(path: string, comparison: Comparison): Test {
    const dot = path.indexOf('.');
    const sideOf = SIDES[path.slice(0, dot) as keyof typeof SIDES];
    const locate = locator(path.slice(dot + 1), catalog);
    const test = valueTest(comparison);
    const { changed } = comparison;
    return (event) => {
      if (event.op === 'truncate' || event.op === 'message') return test(undefined, 'other');
      const place = locate(event.relation);
      const reader = readers.of(event.relation);
      if (changed !== undefined) {
        const isChanged = place !== null && isRowColumnChanged(event, reader, place);
        if (isChanged !== changed) return false;
      }
      const side = sideOf(event);
      if (place === null || side === null) return test(undefined, 'other');
      return test(reader.valueAt(side, place), place.kind);
    };
  }

  return allOf(condition);
}

type ColumnPlace = ValuePlace & { readonly kind: ColumnKind };

function eventTest(name: (typeof EVENT_PATHS)[number], comparison: Comparison): Test {
  const test = valueTest(comparison);
  return (event) => test(eventField(event, name), 'other');
}

/** A column may have dots in its name: the whole path is tried as one before a way into a document. */
function locator(
  path: string,
  catalog: TypeCatalog,
): (relation: RelationView) => ColumnPlace | null {
  const places = new WeakMap<RelationView, ColumnPlace | 'nowhere'>();
  const [first, ...steps] = path.split('.');

  function find({ columns, types }: RelationView): ColumnPlace | null {
    const whole = columns.findIndex(({ name }) => name === path);
    const column = whole === -1 ? columns.findIndex(({ name }) => name === first) : whole;
    if (column === -1) return null;
    const into = whole === -1 ? steps : [];
    const kind = into.length > 0 ? 'other' : columnKind(columns[column]!.typeOid, types ?? catalog);
    return { column, steps: into, kind };
  }

  return (relation) => {
    let place = places.get(relation);
    if (place === undefined) places.set(relation, (place = find(relation) ?? 'nowhere'));
    return place === 'nowhere' ? null : place;
  };
}

function isEventPath(name: string): name is (typeof EVENT_PATHS)[number] {
  return EVENT_PATHS.some((path) => path === name);
}

function isComparison(wanted: Condition[string]): wanted is Comparison {
  return typeof wanted === 'object' && wanted !== null;
}

function eventField(
  event: ReadableEvent,
  name: (typeof EVENT_PATHS)[number],
): JsonValue | undefined {
  if (name === 'op') return event.op;
  if (event.op === 'message') return name === 'prefix' ? event.prefix : null;
  return name === 'prefix' ? undefined : event.relation[name];
}
