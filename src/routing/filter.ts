import { type ChangeEvent, type OversizedChange, positionOf } from '../changes/change-event.ts';
import { eventId } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { compileCondition, type Condition } from './condition.ts';
import { type FilterEvent, filterEvent } from './filter-event.ts';
import { patternList, tablePattern, textPattern } from './name-pattern.ts';
import { RowReaders } from './row-reader.ts';

/** What an event can be. A filter that asks for another would let nothing through. */
export const OPERATIONS = ['insert', 'update', 'delete', 'truncate', 'message'] as const;

export type Operation = (typeof OPERATIONS)[number];

export type FilterFunction = (event: FilterEvent) => boolean;

export type FilterOptions = {
  /** Patterns of tables; logical messages belong to none, and pass. */
  readonly tables?: readonly string[] | undefined;
  readonly operations?: readonly Operation[] | undefined;
  /** Patterns of the prefixes of logical messages. */
  readonly prefixes?: readonly string[] | undefined;
  readonly where?: FilterFunction | Condition | undefined;
};

/**
 * Whether an endpoint wants an event; null where it wants all. What was too large to be read is judged
 * by its table and operation alone. Throws WalhookError `filter_failed` where the `where` throws.
 */
export function compileFilter(
  endpoint: string,
  options: FilterOptions | undefined,
  catalog: TypeCatalog,
  values: ValueOptions,
): ((event: ChangeEvent) => boolean) | null {
  const { tables, operations, prefixes, where } = options ?? {};
  const tests: ((event: ChangeEvent) => boolean)[] = [];
  if (operations !== undefined) tests.push(operationTest(operations));
  if (tables !== undefined) tests.push(tableTest(tables));
  if (prefixes !== undefined) tests.push(prefixTest(prefixes));
  if (where !== undefined) {
    const test =
      typeof where === 'function'
        ? functionTest(where, new RowReaders(catalog, values))
        : compileCondition(where, catalog);
    tests.push(whereTest(endpoint, test));
  }
  if (tests.length === 0) return null;
  if (tests.length === 1) return tests[0]!;
  return (event) => {
    for (const test of tests) if (!test(event)) return false;
    return true;
  };
}

function operationTest(operations: readonly Operation[]): (event: ChangeEvent) => boolean {
  const wanted = new Set<string>(operations);
  return (event) => wanted.has(event.op === 'oversized' ? event.originalOp : event.op);
}

/** Decided once a relation. */
function tableTest(tables: readonly string[]): (event: ChangeEvent) => boolean {
  const matches = patternList(tables, tablePattern);
  const decisions = new WeakMap<RelationView, boolean>();
  return (event) => {
    const relation = event.op === 'message' ? null : event.relation;
    if (relation === null) return true;
    let decision = decisions.get(relation);
    if (decision === undefined) {
      decisions.set(relation, (decision = matches(relation.schema, relation.table)));
    }
    return decision;
  };
}

function prefixTest(prefixes: readonly string[]): (event: ChangeEvent) => boolean {
  const matches = patternList(prefixes, textPattern);
  return (event) => event.op !== 'message' || matches(event.prefix);
}

type ReadableEvent = Exclude<ChangeEvent, OversizedChange>;

function whereTest(
  endpoint: string,
  test: (event: ReadableEvent) => boolean,
): (event: ChangeEvent) => boolean {
  return (event) => {
    if (event.op === 'oversized') return true;
    try {
      return test(event);
    } catch (error) {
      const id = eventId(positionOf(event));
      const cause = error instanceof Error ? error.message : String(error);
      throw new WalhookError('filter_failed', `Endpoint ${endpoint}, event ${id}: ${cause}`, {
        detail: endpoint,
        cause: error,
      });
    }
  };
}

function functionTest(
  where: FilterFunction,
  readers: RowReaders,
): (event: ReadableEvent) => boolean {
  return (event) => {
    const wanted: unknown = where(filterEvent(event, readers));
    if (typeof wanted === 'object' && wanted !== null && 'then' in wanted) {
      // A promise is always true: every event would pass. What it rejects with is nobody's any more.
      void Promise.resolve(wanted).catch(() => undefined);
      throw new TypeError('where has to answer at once, and gave a promise');
    }
    return Boolean(wanted);
  };
}
