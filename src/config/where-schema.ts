import { z } from 'zod';
import { type Condition, EVENT_PATHS, ROW_ROOTS } from '../routing/condition.ts';
import { type FilterFunction, OPERATIONS } from '../routing/filter.ts';
import { isPlainObject } from './plain-object.ts';
import { oneOf, optionNotes } from './option-notes.ts';

type Path = readonly PropertyKey[];
type Report = (path: Path, wants: string) => void;

const whereWants = 'conditions like { after.status: paid }, or a function in a .ts or .js file';
const pathWants = `${[...ROW_ROOTS.map((root) => `${root}.<column>`), ...EVENT_PATHS].join(', ')}, and, or, or not`;

export const where = z
  .custom<FilterFunction | Condition>()
  .superRefine((value, context) => {
    if (typeof value === 'function') return;
    const report: Report = (path, message) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    if (!isPlainObject(value)) return report([], whereWants);
    checkCondition(value, [], report);
  })
  .register(optionNotes, {
    what: 'Only events whose values are so: conditions by path, all of which have to hold, or a function that is given the event.',
    wants: whereWants,
    holds: 'conditions',
  })
  .optional();

function checkCondition(value: unknown, path: Path, report: Report): void {
  if (!isPlainObject(value)) return report(path, 'conditions by path, like { after.status: paid }');
  const entries = Object.entries(value);
  if (entries.length === 0) return report(path, 'a condition at the least');
  for (const [name, wanted] of entries) checkEntry(name, wanted, [...path, name], report);
}

function checkEntry(name: string, wanted: unknown, path: Path, report: Report): void {
  if (name === 'not') return checkCondition(wanted, path, report);
  if (name === 'and' || name === 'or') {
    if (!Array.isArray(wanted)) return report(path, 'a list of conditions');
    for (const [index, each] of wanted.entries()) checkCondition(each, [...path, index], report);
    return;
  }
  const isRowPath = ROW_ROOTS.some((root) => name.startsWith(`${root}.`) && name !== `${root}.`);
  if (!isRowPath && !EVENT_PATHS.some((known) => known === name)) return report(path, pathWants);
  if (Array.isArray(wanted)) return report(path, 'one value, or { in: [ … ] } for several');
  if (name === 'op') checkOperations(wanted, path, report);
  if (!isPlainObject(wanted)) return checkScalar(wanted, path, report);
  const comparisons = Object.entries(wanted);
  if (comparisons.length === 0) return report(path, `a value, or ${comparisonNames}`);
  for (const [comparison, operand] of comparisons) {
    const check = isRowPath || comparison !== 'changed' ? CHECKS.get(comparison) : undefined;
    if (check === undefined) report([...path, comparison], `one of ${comparisonNames}`);
    else check(operand, [...path, comparison], report);
  }
}

/** One that is misspelt, or that no event is, would be compared with for ever, and never be met. */
function checkOperations(wanted: unknown, path: Path, report: Report): void {
  for (const [place, name] of comparedWith(wanted, path)) {
    const isOne = OPERATIONS.some((operation) => operation === name);
    if (typeof name === 'string' && !isOne) report(place, oneOf(OPERATIONS));
  }
}

/** The whole values that a path is compared with, each with its place. */
function comparedWith(wanted: unknown, path: Path): readonly (readonly [Path, unknown])[] {
  if (!isPlainObject(wanted)) return [[path, wanted]];
  return Object.entries(wanted).flatMap(([comparison, operand]): [Path, unknown][] => {
    if (!WHOLE.has(comparison)) return [];
    const place = [...path, comparison];
    if (!Array.isArray(operand)) return [[place, operand]];
    return operand.map((each: unknown, index) => [[...place, index], each]);
  });
}

const WHOLE: ReadonlySet<string> = new Set(['eq', 'ne', 'in', 'notIn']);

type Check = (operand: unknown, path: Path, report: Report) => void;

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['eq', checkScalar],
  ['ne', checkScalar],
  ['in', checkScalars],
  ['notIn', checkScalars],
  ['gt', checkOrdered],
  ['gte', checkOrdered],
  ['lt', checkOrdered],
  ['lte', checkOrdered],
  ['exists', checkFlag],
  ['isNull', checkFlag],
  ['like', checkText],
  ['prefix', checkText],
  ['changed', checkFlag],
]);
const comparisonNames = [...CHECKS.keys()].join(', ');

function checkScalar(operand: unknown, path: Path, report: Report): void {
  if (operand !== null && typeof operand !== 'boolean') checkOrdered(operand, path, report);
}

function checkScalars(operand: unknown, path: Path, report: Report): void {
  if (!Array.isArray(operand)) return report(path, 'a list of values');
  for (const [index, each] of operand.entries()) checkScalar(each, [...path, index], report);
}

function checkOrdered(operand: unknown, path: Path, report: Report): void {
  if (typeof operand === 'string' || typeof operand === 'bigint') return;
  if (typeof operand !== 'number') return report(path, 'a text or a number');
  // It has been rounded already, by whatever read it.
  const isExact = Number.isFinite(operand) && Math.abs(operand) <= Number.MAX_SAFE_INTEGER;
  if (!isExact) report(path, 'a number up to 2^53, or a larger one in quotes');
}

function checkFlag(operand: unknown, path: Path, report: Report): void {
  if (typeof operand !== 'boolean') report(path, 'true or false');
}

function checkText(operand: unknown, path: Path, report: Report): void {
  if (typeof operand !== 'string') report(path, 'a text');
}
