import {
  type EmittedMessage,
  keyTuple,
  type RowChange,
  type TableTruncation,
} from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { UNCHANGED_VALUE } from '../pgoutput/tuple.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat } from './event-format.ts';
import { PerTransaction } from './per-transaction.ts';
import { type RelationJson, RowJson, type RowOptions } from './row-json.ts';
import { ascii, writeDecimal, writeHex, writeHexPadded } from './text-bytes.ts';
import { renderTransaction } from './transaction-json.ts';

const NULL = ascii('null');
const BEFORE = ascii(',"before":');
const AFTER = ascii(',"after":');
const NOTHING_BEFORE = ascii(',"before":null,"after":');
const UNCHANGED = ascii(',"unchanged":[');
const CLOSE_BRACKET = 0x5d;
const SLASH = 0x2f;

/**
 * The `walhook` event. Its fixed parts are rendered once a transaction and once a relation; per row
 * only the values, the sequence and the LSN are written.
 */
export function walhookFormat(catalog: TypeCatalog, options: RowOptions): EventFormat {
  const relations = new RowJson(catalog, options, (view) => renderHeads(view, options));
  const transactions = new PerTransaction(renderTransaction);

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    const transaction = transactions.of(event.transaction);
    const { old, new: current, op } = event;
    out.put(transaction.idStart);
    writeHexPadded(event.seq, out);
    out.put(relation.fixed[op]);
    writeKey(event, relation, out);
    if (old === null) out.put(NOTHING_BEFORE);
    else {
      out.put(BEFORE);
      (old.kind === 'full' ? relation.row : relation.identity).write(old.tuple, out);
      out.put(AFTER);
    }
    if (current === null) out.put(NULL);
    else relation.row.write(current, out);
    const { notes } = relation.fixed;
    if (notes !== null || (current !== null && current.bounds.includes(UNCHANGED_VALUE))) {
      out.put(UNCHANGED);
      if (current !== null) relation.row.writeUnchanged(current, out);
      out.byte(CLOSE_BRACKET);
      if (notes !== null) out.put(notes);
      out.put(transaction.lsnStart);
    } else {
      out.put(transaction.nothingUnchangedLsnStart);
    }
    writePlace(event, out);
  }

  function writeTruncation(event: TableTruncation, out: JsonWriter): void {
    const transaction = transactions.of(event.transaction);
    out.put(transaction.idStart);
    writeHexPadded(event.seq, out);
    out.put(relations.of(event.relation).fixed.truncate);
    out.ascii('null,"before":null,"after":null,"unchanged":[],"cascade":');
    out.ascii(String(event.cascade));
    out.ascii(',"restart_identity":');
    out.ascii(String(event.restartIdentity));
    out.put(transaction.lsnStart);
    writePlace(event, out);
  }

  function writeMessage(event: EmittedMessage, out: JsonWriter): void {
    const transaction = transactions.of(event.transaction);
    out.put(transaction.idStart);
    writeHexPadded(event.seq, out);
    out.ascii('","op":"message","schema":null,"table":null,"key":null');
    out.ascii(',"before":null,"after":null,"unchanged":[],"prefix":');
    writeJsonText(event.prefix, out);
    out.ascii(',"content":');
    writeBase64(event.content, out);
    out.ascii(',"transactional":');
    out.ascii(String(event.transactional));
    out.put(transaction.lsnStart);
    writePlace(event, out);
  }

  /** From the LSN to the end. */
  function writePlace(event: RowChange | TableTruncation | EmittedMessage, out: JsonWriter): void {
    const { seqStart, end } = transactions.of(event.transaction);
    writeHex(event.lsnHigh, out);
    out.byte(SLASH);
    writeHex(event.lsnLow, out);
    out.put(seqStart);
    writeDecimal(event.seq, out);
    out.put(end);
  }

  return {
    contentType: 'application/json',
    write(event, out) {
      if (event.op === 'truncate') writeTruncation(event, out);
      else if (event.op === 'message') writeMessage(event, out);
      else writeRowChange(event, out);
    },
  };
}

function writeKey(event: RowChange, relation: RelationJson<Heads>, out: JsonWriter): void {
  if (relation.key === null) return out.put(NULL);
  const tuple = event.key ?? event.new ?? event.old!.tuple;
  for (const column of event.relation.keyColumns) {
    if (tuple.bounds[column * 2] !== UNCHANGED_VALUE) continue;
    return relation.key.writeFrom((missing) => keyTuple(event, missing), out);
  }
  relation.key.write(tuple, out);
}

type Heads = Readonly<Record<'insert' | 'update' | 'delete' | 'truncate', Uint8Array>> & {
  readonly notes: Uint8Array | null;
};

/** From the id's closing quote up to the key, for each operation. */
function renderHeads(view: RelationView, { columns }: RowOptions): Heads {
  const { schema, table } = view;
  const names = `"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)}`;
  const head = (op: string): Uint8Array =>
    new TextEncoder().encode(`","op":"${op}",${names},"key":`);
  return {
    insert: head('insert'),
    update: head('update'),
    delete: head('delete'),
    truncate: head('truncate'),
    notes: catalogNotes(view, columns),
  };
}
