import type { RowChange } from '../changes/change-event.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { fromBase64 } from './base64-text.ts';
import { rebuiltChange } from './rebuilt-change.ts';
import type { RelationShapes } from './relation-shapes.ts';
import type { Row, RowReaders } from './row-reader.ts';
import { FIXED_FIELDS, FREE_FIELDS, type TransformEvent } from './transform-event.ts';

type Given = Readonly<Record<string, unknown>>;

/** Throws TypeError that says what is wrong with what the transform gave. */
export function rebuiltEvent(
  source: WritableEvent,
  original: TransformEvent,
  given: unknown,
  readers: RowReaders,
  shapes: RelationShapes,
  values: ValueOptions,
): WritableEvent {
  if (!isObject(given)) {
    throw new TypeError(`the transform gave ${sort(given)}; it has to give the event, or null`);
  }
  checkFields(original, given);
  switch (source.op) {
    case 'message':
      checkNulls(given, ['schema', 'table', 'key', 'before', 'after']);
      return { ...source, ...messageOf(given) };
    case 'truncate': {
      checkNulls(given, ['key', 'before', 'after']);
      const { columns, keyColumns, identityColumns } = source.relation;
      const shape = { ...namesOf(given), columns, keyColumns, identityColumns };
      return { ...source, relation: shapes.of(source.relation, shape) };
    }
    default: {
      const rows = rowsOf(source, given);
      const change = { ...namesOf(given), ...rows, unchanged: unchangedOf(original, given) };
      const reader = readers.of(source.relation);
      return rebuiltChange(source, original, change, reader, shapes, values);
    }
  }
}

const FIELDS: ReadonlySet<string> = new Set([...FIXED_FIELDS, ...FREE_FIELDS]);

function checkFields(original: TransformEvent, given: Given): void {
  for (const name of FIXED_FIELDS) {
    if (given[name] === original[name]) continue;
    const was = JSON.stringify(original[name]);
    throw new TypeError(`the transform changed ${name}, which has to stay ${was ?? 'away'}`);
  }
  const unknown = Object.keys(given).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) {
    throw new TypeError(`the transform gave the event a field ${unknown}, which no event has`);
  }
}

function checkNulls(given: Given, names: readonly string[]): void {
  for (const name of names) {
    if (given[name] !== null) throw new TypeError(`${name} has to stay null in this event`);
  }
}

function namesOf({ schema, table }: Given): { schema: string; table: string } {
  if (typeof schema !== 'string' || typeof table !== 'string' || schema === '' || table === '') {
    throw new TypeError('schema and table have to be names');
  }
  return { schema, table };
}

function rowsOf(
  source: RowChange,
  given: Given,
): { key: Row | null; before: Row | null; after: Row | null } {
  const [key, before, after] = [rowOf(given, 'key'), rowOf(given, 'before'), rowOf(given, 'after')];
  if ((after === null) !== (source.new === null)) {
    throw new TypeError(source.new === null ? 'a delete has no after' : 'after has to stay a row');
  }
  if (source.op === 'insert' && before !== null) throw new TypeError('an insert has no before');
  if (source.op === 'delete' && before === null)
    throw new TypeError('a delete has to keep a before');
  return { key, before, after };
}

function rowOf(given: Given, name: string): Row | null {
  const row = given[name];
  if (row === null) return null;
  if (!isObject(row))
    throw new TypeError(`${name} has to be an object or null, and is ${sort(row)}`);
  return row as Row;
}

function unchangedOf(original: TransformEvent, given: Given): string[] {
  const { unchanged } = given;
  const isPart =
    Array.isArray(unchanged) &&
    unchanged.every((name) => original.unchanged.includes(String(name)));
  if (!isPart) throw new TypeError('unchanged can lose names, and nothing else');
  return unchanged.map(String);
}

function messageOf({ prefix, content }: Given): { prefix: string; content: Uint8Array } {
  if (typeof prefix !== 'string') throw new TypeError('prefix has to be a string');
  const bytes = typeof content === 'string' ? fromBase64(content) : null;
  if (bytes === null) throw new TypeError('content has to be base64');
  return { prefix, content: bytes };
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sort(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
