import type { ColumnKind } from './column-kind.ts';
import { compareNumbers, type ExactNumber, exactNumber } from './exact-number.ts';
import type { JsonValue } from './lossless-json.ts';
import { pointInTime } from './point-in-time.ts';

export type Scalar = string | number | bigint | boolean | null;

/** What a value has to be; of several, all. */
export type Comparison = {
  readonly eq?: Scalar | undefined;
  readonly ne?: Scalar | undefined;
  readonly in?: readonly Scalar[] | undefined;
  readonly notIn?: readonly Scalar[] | undefined;
  readonly gt?: Scalar | undefined;
  readonly gte?: Scalar | undefined;
  readonly lt?: Scalar | undefined;
  readonly lte?: Scalar | undefined;
  /** Whether the event holds the value at all; null is a value. */
  readonly exists?: boolean | undefined;
  /** false: there is a value, and it is not null. */
  readonly isNull?: boolean | undefined;
  /** SQL's: `%` any run of characters, `_` any one, `\` before either for itself. */
  readonly like?: string | undefined;
  readonly prefix?: string | undefined;
  /** Whether the change gave the column another value. */
  readonly changed?: boolean | undefined;
};

/** undefined: the event does not hold the value. */
export type ValueTest = (value: JsonValue | undefined, kind: ColumnKind) => boolean;

/** All but `changed`, which one value cannot tell. */
export function valueTest(comparison: Comparison): ValueTest {
  const tests = Object.entries(comparison).flatMap(([name, wanted]) =>
    name === 'changed' || wanted === undefined ? [] : [testOf(name, wanted)],
  );
  if (tests.length === 1) return tests[0]!;
  return (value, kind) => tests.every((test) => test(value, kind));
}

function testOf(name: string, wanted: NonNullable<unknown> | null): ValueTest {
  switch (name) {
    case 'eq':
      return equals(wanted as Scalar);
    case 'ne':
      return negated(equals(wanted as Scalar));
    case 'in':
      return anyOf((wanted as readonly Scalar[]).map(equals));
    case 'notIn':
      return negated(anyOf((wanted as readonly Scalar[]).map(equals)));
    case 'gt':
      return ordered(wanted as Scalar, (order) => order > 0);
    case 'gte':
      return ordered(wanted as Scalar, (order) => order >= 0);
    case 'lt':
      return ordered(wanted as Scalar, (order) => order < 0);
    case 'lte':
      return ordered(wanted as Scalar, (order) => order <= 0);
    case 'exists':
      return (value) => (value !== undefined) === wanted;
    case 'isNull':
      return wanted === true
        ? (value) => value === null
        : (value) => value !== null && value !== undefined;
    case 'prefix':
      return (value) => typeof value === 'string' && value.startsWith(wanted as string);
    case 'like': {
      const pattern = likePattern(wanted as string);
      return (value) => typeof value === 'string' && pattern.test(value);
    }
    default:
      throw new TypeError(`no comparison is called ${name}`);
  }
}

function negated(test: ValueTest): ValueTest {
  return (value, kind) => !test(value, kind);
}

function anyOf(tests: readonly ValueTest[]): ValueTest {
  return (value, kind) => tests.some((test) => test(value, kind));
}

function equals(wanted: Scalar): ValueTest {
  if (wanted === null) return (value) => value === null;
  return ordered(wanted, (order) => order === 0);
}

/** Holds only where the two can be compared. */
function ordered(wanted: Scalar, holds: (order: number) => boolean): ValueTest {
  const compare = comparer(wanted);
  return (value, kind) => {
    const order = compare(value, kind);
    return order !== null && holds(order);
  };
}

/** Orders a value against the operand; null where they are of kinds that have no order. */
function comparer(
  wanted: Scalar,
): (value: JsonValue | undefined, kind: ColumnKind) => number | null {
  const isNumber = typeof wanted === 'number' || typeof wanted === 'bigint';
  const number = isNumber || typeof wanted === 'string' ? exactNumber(String(wanted)) : null;
  const point = typeof wanted === 'string' ? pointInTime(wanted) : null;
  return (value, kind) => {
    if (typeof value === 'number' || typeof value === 'bigint') return withNumber(value, number);
    if (typeof value === 'string' && kind === 'number') return withNumber(value, number);
    if (typeof value === 'string' && kind === 'time') return withPoint(value, point);
    if (typeof value === 'string' && typeof wanted === 'string') return compared(value, wanted);
    if (typeof value === 'boolean' && typeof wanted === 'boolean') {
      return Number(value) - Number(wanted);
    }
    return null;
  };
}

function withNumber(value: string | number | bigint, wanted: ExactNumber | null): number | null {
  if (wanted === null) return null;
  const number = exactNumber(String(value));
  return number === null ? null : compareNumbers(number, wanted);
}

function withPoint(value: string, wanted: bigint | null): number | null {
  if (wanted === null) return null;
  const point = pointInTime(value);
  return point === null ? null : compared(point, wanted);
}

function compared<T extends string | bigint>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function likePattern(like: string): RegExp {
  const expression = like.replace(/\\([^]?)|[^]/gu, (found, literal?: string) => {
    if (found === '%') return '[^]*';
    if (found === '_') return '[^]';
    return (literal || found).replace(/[$()*+./?[\\\]^{|}]/, String.raw`\$&`);
  });
  return new RegExp(`^${expression}$`, 'u');
}
