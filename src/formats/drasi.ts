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
): EventFormat {
  const relations = new RowJson(catalog, { values: drasiValues(values), columns }, renderRelation);
  const timestamps = new PerTransaction(renderTimestamp);

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    const { old, new: current } = event;
    if (current === null) return writeDelete(event, relation, keyTuple, out);
    if (event.op === 'insert') return writeElement(insertAs, event, current, null, relation, out);
    // Without a key that Drasi is told there is no element that would have to go.
    if (keyOf(relation) === null || !isKeyChanged(event)) {
      return writeElement('update', event, current, null, relation, out);
    }
    // An update keeps the properties that it leaves out; a new element has none to keep.
    const whole = old?.kind === 'full' ? old.tuple : null;
    out.put(pair.open);
    writeDelete(event, relation, previousKeyTuple, out);
    out.put(pair.between);
    writeElement(insertAs, event, current, whole, relation, out);
    out.put(pair.close);
  }

  function writeElement(
    operation: 'insert' | 'update',
    event: RowChange,
    current: Tuple,
    whole: Tuple | null,
    relation: RelationJson<RelationParts>,
    out: JsonWriter,
  ): void {
    out.put(relation.fixed[operation]);
    writeId(event, relation, keyTuple, out);
    out.put(relation.fixed.properties);
    relation.row.writeComplete(current, whole, null, out);
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
    writeId(event, relation, tupleOf, out);
    out.put(relation.fixed.labels);
    out.put(timestamps.of(event.transaction));
  }

  return {
    contentType: 'application/json',
    skips: ({ op }) => op === 'truncate' || op === 'message',
    write(event, out) {
      if (event.op !== 'truncate' && event.op !== 'message') writeRowChange(event, out);
    },
  };
}

type TupleOfColumn = (event: RowChange, column: number) => Tuple;

/** The element's id after the table's name; without a key, one that a repeat has again. */
function writeId(
  event: RowChange,
  relation: RelationJson<RelationParts>,
  tupleOf: TupleOfColumn,
  out: JsonWriter,
): void {
  const key = keyOf(relation);
  if (key !== null) return key.writeText((column) => tupleOf(event, column), out);
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

function renderRelation({ schema, table }: RelationView): RelationParts {
  const name = JSON.stringify(schema === 'public' ? table : `${schema}.${table}`);
  // Its closing quote makes room for the key.
  const id = `"id":${name.slice(0, -1)}:`;
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
