import type { EmittedMessage, RowChange, TableTruncation } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { sortableLsn } from '../pgoutput/lsn.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat } from './event-format.ts';
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
 * The messages of the replication protocol as JSON, named and with fields like those of wal2http;
 * tuple data is an object by column. Begin, commit and relation messages stand between the events:
 * wal2httpFraming.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export function wal2httpFormat(catalog: TypeCatalog, options: RowOptions): EventFormat {
  const relations = new RowJson(catalog, options, (view) => ({
    head: renderRelation(view),
    notes: catalogNotes(view, options.columns),
  }));
  const transactions = new PerTransaction(({ commitLsn, xid }) => ({
    idStart: ascii(`,"id":"${sortableLsn(commitLsn)}-`),
    end: ascii(`,"is_stream":false,"xid":${xid}}`),
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
      (old.kind === 'full' ? row : identity).write(old.tuple, out);
    }
    if (current !== null) {
      if (op === 'update') out.put(NEW_TUPLE);
      row.write(current, out);
      if (op === 'update') {
        out.put(UNCHANGED);
        row.writeUnchanged(current, out);
        out.byte(CLOSE_BRACKET);
      }
    }
    if (fixed.notes !== null) out.put(fixed.notes);
  }

  function writeTruncation(event: TableTruncation, out: JsonWriter): void {
    const { relation, cascade, restartIdentity } = event;
    const flags = (cascade ? CASCADE : 0) | (restartIdentity ? RESTART_IDENTITY : 0);
    out.put(relations.of(relation).fixed.head);
    out.ascii(`,"relation_ids":[${relation.relationId}],"flags":${flags}`);
  }

  return {
    contentType: 'application/json',
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
