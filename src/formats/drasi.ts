import {
  isKeyChanged,
  keyTuple,
  previousKeyTuple,
  type RowChange,
  type Transaction,
} from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { toUnixMicros } from '../pgoutput/timestamp.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { drasiValues } from './drasi-values.ts';
import type { EventFormat } from './event-format.ts';
import { enclose } from './json-list.ts';
import type { PairedValues } from './paired-values.ts';
import { PerTransaction } from './per-transaction.ts';
import { type ObjectWriter, type RelationJson, RowJson, type RowOptions } from './row-json.ts';
import { ascii } from './text-bytes.ts';
import { uuidV5 } from './uuid-v5.ts';

/** `{"events":[…]}`, what the path `/sources/{id}/events/batch` takes. */
export const drasiBatch = enclose('{"events":[', ']}');

/** The namespace of the ids of rows without a key. */
const KEYLESS_ROWS = 'b3f1c9de-57a4-4c0f-9d86-2f7a1e60c5d4';

const CLOSE_BRACE = 0x7d;

/**
 * Changes as nodes, for Drasi's HTTP source. A change of key is a delete and an insert. Drasi knows
 * rows alone: it is sent no truncates and no logical messages.
 * @see https://github.com/drasi-project/drasi-core/tree/main/components/sources/http
 */
export function drasiFormat(
  catalog: TypeCatalog,
  { values, columns }: RowOptions,
  insertAs: 'insert' | 'update',
  pair: PairedValues,
  elementId: DrasiElementId = 'joined',
): EventFormat {
  const renderRelation = (view: RelationView): RelationParts => renderParts(view, elementId);
  const relations = new RowJson(catalog, { values: drasiValues(values), columns }, renderRelation);
  const timestamps = new PerTransaction(renderTimestamp);

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    if (event.new === null) return writeDelete(event, relation, keyTuple, out);
    if (event.op === 'insert') return writeElement(insertAs, event, relation, out);
    // Without a key that Drasi is told there is no element that would have to go.
    if (keyOf(relation) === null || !isKeyChanged(event)) {
      return writeElement('update', event, relation, out, true);
    }
    out.put(pair.open);
    writeDelete(event, relation, previousKeyTuple, out);
    out.put(pair.between);
    writeElement(insertAs, event, relation, out);
    out.put(pair.close);
  }

  function writeElement(
    operation: 'insert' | 'update',
    event: RowChange,
    relation: RelationJson<RelationParts>,
    out: JsonWriter,
    isKept = false,
  ): void {
    out.put(relation.fixed[operation]);
    writeId(event, relation, keyTuple, elementId, out);
    out.put(relation.fixed.properties);
    // An update keeps the properties that it leaves out; a new element has none to keep.
    if (isKept) relation.row.write(event.new!, out);
    else relation.row.writeComplete(event, null, out);
    out.byte(CLOSE_BRACE);
    out.put(timestamps.of(event.transaction));
  }

  function writeDelete(
    event: RowChange,
    relation: RelationJson<RelationParts>,
    tupleOf: TupleOfColumn,
    out: JsonWriter,
  ): void {
    out.put(relation.fixed.delete);
    writeId(event, relation, tupleOf, elementId, out);
    out.put(relation.fixed.labels);
    out.put(timestamps.of(event.transaction));
  }

  return {
    contentType: 'application/json',
    writeTest(id, nowMs, out) {
      // There is no such element, and to delete what is not there does nothing.
      out.ascii(`{"operation":"delete","id":"walhook.test:${id}","labels":["walhook.test"]`);
      out.ascii(`,"timestamp":${BigInt(nowMs) * 1_000_000n}}`);
    },
    skips: ({ op }) => op === 'truncate' || op === 'message',
    write(event, out) {
      if (event.op !== 'truncate' && event.op !== 'message') writeRowChange(event, out);
    },
  };
}

/**
 * How the id tells a key's values apart:
 *
 * - joined: `_` between them, as Drasi's own Postgres source has it; ('x_y', 'z') is ('x', 'y_z')
 * - escaped: the same, with `_` and `%` of a value, and `.`, `:` and `%` of a name, as `%5F`, `%25`,
 *   `%2E` and `%3A`; a value that is the text `null` is `%6Eull`. No two rows have one id
 */
export type DrasiElementId = 'joined' | 'escaped';

const UNDERSCORE = 0x5f;
const PERCENT = 0x25;
const NULL_TEXT = ascii('null');

/** The value that was written last, from `start` on. `isNull`: it is none. */
function escapeValue(out: JsonWriter, start: number, isNull: boolean): void {
  if (isNull) return;
  const value = out.bytes.slice(start, out.length);
  const isNullText = value.length === 4 && NULL_TEXT.every((byte, at) => value[at] === byte);
  if (!isNullText && !value.includes(UNDERSCORE) && !value.includes(PERCENT)) return;
  out.length = start;
  if (isNullText) return out.ascii('%6Eull');
  for (const byte of value) {
    if (byte === UNDERSCORE) out.ascii('%5F');
    else if (byte === PERCENT) out.ascii('%25');
    else out.byte(byte);
  }
}

function escapedName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('.', '%2E').replaceAll(':', '%3A');
}

type TupleOfColumn = (event: RowChange, column: number) => Tuple;

/** The element's id after the table's name; without a key, one that a repeat has again. */
function writeId(
  event: RowChange,
  relation: RelationJson<RelationParts>,
  tupleOf: TupleOfColumn,
  elementId: DrasiElementId,
  out: JsonWriter,
): void {
  const key = keyOf(relation);
  if (key !== null) {
    const afterValue = elementId === 'escaped' ? escapeValue : undefined;
    return key.writeText((column) => tupleOf(event, column), out, afterValue);
  }
  const { transaction, seq } = event;
  out.ascii(uuidV5(KEYLESS_ROWS, eventId({ commitLsn: transaction.commitLsn, seq })));
}

/** A part of a key would make one element of several rows. */
function keyOf({ key, keyIsWhole }: RelationJson<RelationParts>): ObjectWriter | null {
  return keyIsWhole ? key : null;
}

type RelationParts = {
  /** Up to the key within the element's id. */
  readonly insert: Uint8Array;
  readonly update: Uint8Array;
  readonly delete: Uint8Array;
  /** From the id's closing quote: of a delete, and of an element up to its properties. */
  readonly labels: Uint8Array;
  readonly properties: Uint8Array;
};

function renderParts({ schema, table }: RelationView, elementId: DrasiElementId): RelationParts {
  const name = JSON.stringify(schema === 'public' ? table : `${schema}.${table}`);
  const names = schema === 'public' ? [table] : [schema, table];
  const idName = elementId === 'joined' ? name : JSON.stringify(names.map(escapedName).join('.'));
  // Its closing quote makes room for the key.
  const id = `"id":${idName.slice(0, -1)}:`;
  const labels = `","labels":[${name}]`;
  const encoder = new TextEncoder();
  return {
    insert: encoder.encode(`{"operation":"insert","element":{"type":"node",${id}`),
    update: encoder.encode(`{"operation":"update","element":{"type":"node",${id}`),
    delete: encoder.encode(`{"operation":"delete",${id}`),
    labels: encoder.encode(labels),
    properties: encoder.encode(`${labels},"properties":`),
  };
}

/** Nanoseconds: Drasi takes milliseconds for the first hour of 1970. */
function renderTimestamp({ committedAt }: Transaction): Uint8Array {
  const micros = committedAt === null ? 0n : toUnixMicros(committedAt);
  return ascii(`,"timestamp":${micros < 0n ? 0n : micros * 1_000n}}`);
}
