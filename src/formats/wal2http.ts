import type { EmittedMessage, RowChange, TableTruncation } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJsonString, writeJsonText } from '../changes/values/json-string.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { sortableLsn } from '../pgoutput/lsn.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat, WritableEvent } from './event-format.ts';
import { PerTransaction } from './per-transaction.ts';
import { RowJson, type RowOptions } from './row-json.ts';
import { ascii, writeHexPadded, writeLsnDecimal } from './text-bytes.ts';

const TYPES = {
  insert: ascii('{"type":"insert"'),
  update: ascii('{"type":"update"'),
  delete: ascii('{"type":"delete"'),
  truncate: ascii('{"type":"truncate"'),
  message: ascii('{"type":"message"'),
};
/** How the old tuple identifies the row, by the protocol's letters. */
const KEY_TYPES = { key: ascii(',"key_type":"K"'), full: ascii(',"key_type":"O"') };
const NO_OLD_TUPLE = ascii(',"key_type":null,"old_tuple_data":null');
const OLD_TUPLE = ascii(',"old_tuple_data":');
const NEW_TUPLE = ascii(',"new_tuple_data":');
const TUPLE = ascii(',"tuple_data":');
const UNCHANGED = ascii(',"unchanged":[');
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
/** Bits of a truncate's flags, and of a message's. */
const CASCADE = 1;
const RESTART_IDENTITY = 2;
const TRANSACTIONAL = 1;

/**
 * How tuple data is written: `original`, as wal2http has it, a list of columns in the protocol's own
 * terms; or an `object` of values by column.
 */
export type Wal2httpColumns = 'original' | 'object';

/**
 * The messages of the replication protocol as JSON, as wal2http sends them, and with `id`, `namespace`
 * and `relation_name`, which it does not send. Begin, commit and relation messages stand between the
 * events: wal2httpFraming. `joinsTruncates`: a truncate is one message for all its tables, with the
 * first of them.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export function wal2httpFormat(
  catalog: TypeCatalog,
  options: RowOptions,
  columns: Wal2httpColumns = 'object',
  joinsTruncates = false,
): EventFormat {
  const isOriginal = columns === 'original';
  const rows = isOriginal ? { ...options, values: textValues(options.values) } : options;
  const relations = new RowJson(catalog, rows, (view) => ({
    head: renderRelation(view),
    notes: catalogNotes(view, options.columns),
  }));
  const transactions = new PerTransaction(({ commitLsn, xid }) => ({
    idStart: ascii(`,"id":"${sortableLsn(commitLsn)}-`),
    // Only streamed transactions have it there, and there are none.
    end: ascii(`,"is_stream":false,"xid":${isOriginal ? null : xid}}`),
  }));

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const { old, new: current, op } = event;
    const { row, identity, fixed } = relations.of(event.relation);
    out.put(fixed.head);
    if (op === 'insert') {
      out.put(TUPLE);
    } else if (old === null) {
      out.put(NO_OLD_TUPLE);
    } else {
      out.put(KEY_TYPES[old.kind]);
      out.put(op === 'update' ? OLD_TUPLE : TUPLE);
      if (isOriginal) row.writeTuple(old.tuple, out);
      else (old.kind === 'full' ? row : identity).write(old.tuple, out);
    }
    if (current !== null) {
      if (op === 'update') out.put(NEW_TUPLE);
      if (isOriginal) row.writeTuple(current, out);
      else row.write(current, out);
      if (op === 'update' && !isOriginal) {
        out.put(UNCHANGED);
        row.writeUnchanged(current, out);
        out.byte(CLOSE_BRACKET);
      }
    }
    if (fixed.notes !== null) out.put(fixed.notes);
  }

  function writeTruncation(event: TableTruncation, out: JsonWriter): void {
    const { relation, cascade, restartIdentity, relationIds } = event;
    const ids = joinsTruncates ? (relationIds ?? [relation.relationId]) : [relation.relationId];
    const flags = (cascade ? CASCADE : 0) | (restartIdentity ? RESTART_IDENTITY : 0);
    out.put(relations.of(relation).fixed.head);
    out.ascii(`,"relation_ids":[${ids.join()}],"flags":${flags}`);
  }

  return {
    contentType: 'application/json',
    ...(joinsTruncates && { skips: isOfJoinedTruncate }),
    write(event, out) {
      const { idStart, end } = transactions.of(event.transaction);
      out.put(TYPES[event.op]);
      out.put(idStart);
      writeHexPadded(event.seq, out);
      out.byte(QUOTE);
      if (event.op === 'message') writeMessage(event, out);
      else if (event.op === 'truncate') writeTruncation(event, out);
      else writeRowChange(event, out);
      out.put(end);
    },
  };
}

/** The message stands with the first of the tables. */
function isOfJoinedTruncate(event: WritableEvent): boolean {
  if (event.op !== 'truncate' || event.relationIds === undefined) return false;
  return event.relation.relationId !== event.relationIds[0];
}

/** Every value as the server's text. */
function textValues(values: ValueOptions): ValueOptions {
  return { ...values, override: () => writeJsonString };
}

function writeMessage(event: EmittedMessage, out: JsonWriter): void {
  out.ascii(`,"flags":${event.transactional ? TRANSACTIONAL : 0},"lsn":`);
  writeLsnDecimal(event.lsnHigh, event.lsnLow, out);
  out.ascii(',"prefix":');
  writeJsonText(event.prefix, out);
  out.ascii(',"content":');
  writeBase64(event.content, out);
}

function renderRelation({ relationId, schema, table }: RelationView): Uint8Array {
  const names = `"namespace":${JSON.stringify(schema)},"relation_name":${JSON.stringify(table)}`;
  return new TextEncoder().encode(`,"relation_id":${relationId},${names}`);
}
