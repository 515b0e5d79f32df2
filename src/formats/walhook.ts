import {
  type EmittedMessage,
  keyTuple,
  type RowChange,
  type TableTruncation,
  type Transaction,
} from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { formatLsn, sortableLsn } from '../pgoutput/lsn.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import type { EventFormat } from './event-format.ts';
import { type RelationJson, RowJson } from './row-json.ts';

/**
 * The `walhook` event. Its fixed parts are rendered once a transaction and once a relation; per row
 * only the values, the sequence and the LSN are written.
 */
export function walhookFormat(catalog: TypeCatalog, values: ValueOptions): EventFormat {
  const rows = new RowJson(catalog, values);
  const text = new TransactionText();

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = rows.of(event.relation);
    writeId(event, out);
    const head = operationHead(relation, event.op);
    out.copy(head, 0, head.length);
    writeKey(event, relation, out);
    out.ascii(',"before":');
    writeBefore(event, relation, out);
    out.ascii(',"after":');
    if (event.new === null) out.ascii('null');
    else relation.row.write(event.new, out);
    out.ascii(',"unchanged":[');
    if (event.new !== null) relation.row.writeUnchanged(event.new, out);
    out.byte(CLOSE_BRACKET);
    writeTail(event, out);
  }

  function writeTruncation(event: TableTruncation, out: JsonWriter): void {
    const head = operationHead(rows.of(event.relation), 'truncate');
    writeId(event, out);
    out.copy(head, 0, head.length);
    out.ascii('null,"before":null,"after":null,"unchanged":[],"cascade":');
    out.ascii(String(event.cascade));
    out.ascii(',"restart_identity":');
    out.ascii(String(event.restartIdentity));
    writeTail(event, out);
  }

  function writeMessage(event: EmittedMessage, out: JsonWriter): void {
    writeId(event, out);
    out.ascii('","op":"message","schema":null,"table":null,"key":null');
    out.ascii(',"before":null,"after":null,"unchanged":[],"prefix":');
    writeJsonText(event.prefix, out);
    out.ascii(',"content":');
    writeBase64(event.content, out);
    out.ascii(',"transactional":');
    out.ascii(String(event.transactional));
    writeTail(event, out);
  }

  function writeId(event: { transaction: Transaction; seq: number }, out: JsonWriter): void {
    const { idStart } = text.of(event.transaction);
    out.copy(idStart, 0, idStart.length);
    writeHexPadded(event.seq, out);
  }

  function writeTail(
    event: { transaction: Transaction; seq: number; lsnHigh: number; lsnLow: number },
    out: JsonWriter,
  ): void {
    const { lsnStart, seqStart, end } = text.of(event.transaction);
    out.copy(lsnStart, 0, lsnStart.length);
    writeHex(event.lsnHigh, out);
    out.byte(SLASH);
    writeHex(event.lsnLow, out);
    out.copy(seqStart, 0, seqStart.length);
    writeDecimal(event.seq, out);
    out.copy(end, 0, end.length);
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

function writeKey(event: RowChange, relation: RelationJson, out: JsonWriter): void {
  if (relation.key === null) out.ascii('null');
  else relation.key.writeFrom((column) => keyTuple(event, column), out);
}

function writeBefore(event: RowChange, relation: RelationJson, out: JsonWriter): void {
  if (event.old === null) out.ascii('null');
  else (event.old.kind === 'full' ? relation.row : relation.identity).write(event.old.tuple, out);
}

type Operation = 'insert' | 'update' | 'delete' | 'truncate';

const operationHeads = new WeakMap<RelationView, Map<Operation, Uint8Array>>();

/** From the id's closing quote up to the key. */
function operationHead(relation: RelationJson, operation: Operation): Uint8Array {
  let heads = operationHeads.get(relation.view);
  if (heads === undefined) operationHeads.set(relation.view, (heads = new Map()));
  let head = heads.get(operation);
  if (head === undefined) {
    const { schema, table } = relation.view;
    head = new TextEncoder().encode(
      `","op":"${operation}","schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)},"key":`,
    );
    heads.set(operation, head);
  }
  return head;
}

type TransactionParts = {
  readonly idStart: Uint8Array;
  readonly lsnStart: Uint8Array;
  readonly seqStart: Uint8Array;
  readonly end: Uint8Array;
};

/** A transaction's share of each of its events; events of one transaction come together. */
class TransactionText {
  #transaction: Transaction | null = null;
  #parts!: TransactionParts;

  of(transaction: Transaction): TransactionParts {
    if (transaction === this.#transaction) return this.#parts;
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const { commitLsn, committedAt, xid } = transaction;
    const time = committedAt === null ? 'null' : `"${postgresTimestamp(committedAt)}"`;
    this.#transaction = transaction;
    this.#parts = {
      idStart: encode(`{"id":"${sortableLsn(commitLsn)}-`),
      lsnStart: encode(`,"xid":${xid},"lsn":"`),
      seqStart: encode(`","commit_lsn":"${formatLsn(commitLsn)}","seq":`),
      end: encode(`,"committed_at":${time}}`),
    };
    return this.#parts;
  }
}

const CLOSE_BRACKET = 0x5d;
const SLASH = 0x2f;

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

/** Eight digits, for an id. */
function writeHexPadded(value: number, out: JsonWriter): void {
  out.reserve(8);
  const bytes = out.bytes;
  let at = out.length;
  for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = hexDigit((value >>> shift) & 15);
  out.length = at;
}

/** Without leading zeros, as an LSN's halves are printed. */
function writeHex(value: number, out: JsonWriter): void {
  out.reserve(8);
  const bytes = out.bytes;
  let at = out.length;
  let shift = 28;
  while (shift > 0 && ((value >>> shift) & 15) === 0) shift -= 4;
  for (; shift >= 0; shift -= 4) bytes[at++] = hexDigit((value >>> shift) & 15);
  out.length = at;
}

function writeDecimal(value: number, out: JsonWriter): void {
  if (value < 10) out.byte(0x30 + value);
  else out.ascii(String(value));
}
