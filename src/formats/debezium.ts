import {
  type EmittedMessage,
  isKeyChanged,
  type RowChange,
  type TableTruncation,
  type Transaction,
} from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { sortableLsn } from '../pgoutput/lsn.ts';
import { toUnixMicros } from '../pgoutput/timestamp.ts';
import { catalogNotes } from './catalog-notes.ts';
import { debeziumColumn } from './debezium-values.ts';
import type { EventFormat } from './event-format.ts';
import type { PairedValues } from './paired-values.ts';
import { PerTransaction } from './per-transaction.ts';
import { RowJson, type RowOptions } from './row-json.ts';
import { ascii, writeHexPadded, writeLsnDecimal } from './text-bytes.ts';

/** What the `source` of every event says of where it comes from. */
export type DebeziumSource = {
  /** The connector's version; here walhook's. */
  readonly version: string;
  /** What Debezium calls the topic prefix. */
  readonly name: string;
  readonly database: string;
};

const NULL = ascii('null');
const NOTHING = new Uint8Array(0);
/** What Debezium sends for a TOASTed value that the server did not. */
const UNAVAILABLE = ascii('"__debezium_unavailable_value"');
const BEFORE = ascii('{"before":');
const AFTER = ascii(',"after":');
const NEXT_SOURCE = ascii(',"source":');
const ONLY_SOURCE = ascii('{"source":');
const NO_TABLE = ascii(',"schema":"","table":""');
const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;
const OPERATIONS = {
  c: ascii('},"transaction":null,"op":"c"'),
  u: ascii('},"transaction":null,"op":"u"'),
  d: ascii('},"transaction":null,"op":"d"'),
  t: ascii('},"transaction":null,"op":"t"'),
  m: ascii('},"transaction":null,"op":"m"'),
};

/**
 * The value of a Debezium change event, without its schema. Every time in it is the commit's, so that
 * an event sent again is the same bytes; a change of key is a delete and a create.
 * @see https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events
 */
export function debeziumFormat(
  catalog: TypeCatalog,
  options: RowOptions,
  source: DebeziumSource,
  pair: PairedValues,
): EventFormat {
  const rows = { ...options, column: debeziumColumn };
  const relations = new RowJson(catalog, rows, (view) => renderNames(view, options));
  const transactions = new PerTransaction((transaction) => renderTransaction(transaction, source));

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    if (event.op === 'insert') return writeRow('c', event, out);
    if (event.op === 'delete') return writeRow('d', event, out);
    if (!isKeyChanged(event)) return writeRow('u', event, out);
    out.put(pair.open);
    writeRow('d', event, out);
    out.put(pair.between);
    writeRow('c', event, out);
    out.put(pair.close);
  }

  function writeRow(op: 'c' | 'u' | 'd', event: RowChange, out: JsonWriter): void {
    const { old, new: current } = event;
    const relation = relations.of(event.relation);
    out.put(BEFORE);
    if (op === 'c' || old === null) out.put(NULL);
    else (old.kind === 'full' ? relation.row : relation.identity).write(old.tuple, out);
    out.put(AFTER);
    if (op === 'd' || current === null) out.put(NULL);
    else relation.row.writeComplete(event, UNAVAILABLE, out);
    out.put(NEXT_SOURCE);
    writeSource(event, relation.fixed, out);
    writeEnd(op, event.transaction, out);
    out.byte(CLOSE_BRACE);
  }

  function writeTruncation(event: TableTruncation, out: JsonWriter): void {
    out.put(ONLY_SOURCE);
    writeSource(event, relations.of(event.relation).fixed, out);
    writeEnd('t', event.transaction, out);
    out.byte(CLOSE_BRACE);
  }

  function writeMessage(event: EmittedMessage, out: JsonWriter): void {
    out.put(ONLY_SOURCE);
    writeSource(event, NO_TABLE, out);
    writeEnd('m', event.transaction, out);
    out.ascii(',"message":{"prefix":');
    writeJsonText(event.prefix, out);
    out.ascii(',"content":');
    writeBase64(event.content, out);
    out.ascii('}}');
  }

  /** Up to the brace that closes it. */
  function writeSource(
    event: RowChange | TableTruncation | EmittedMessage,
    names: Uint8Array,
    out: JsonWriter,
  ): void {
    const parts = transactions.of(event.transaction);
    out.put(parts.sourceStart);
    writeLsnDecimal(event.lsnHigh, event.lsnLow, out);
    out.put(parts.afterSequence);
    out.put(names);
    out.put(parts.lsnStart);
    writeLsnDecimal(event.lsnHigh, event.lsnLow, out);
    out.put(parts.idStart);
    writeHexPadded(event.seq, out);
    out.byte(QUOTE);
  }

  function writeEnd(op: keyof typeof OPERATIONS, transaction: Transaction, out: JsonWriter): void {
    out.put(OPERATIONS[op]);
    out.put(transactions.of(transaction).times);
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

function renderNames(view: RelationView, { columns }: RowOptions): Uint8Array {
  const { schema, table } = view;
  const names = `,"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)}`;
  const notes = catalogNotes(view, columns) ?? NOTHING;
  return Uint8Array.of(...new TextEncoder().encode(names), ...notes);
}

type TransactionParts = {
  /** The source's beginning, up to the event's LSN within its sequence. */
  readonly sourceStart: Uint8Array;
  readonly afterSequence: Uint8Array;
  readonly lsnStart: Uint8Array;
  /** Up to the sequence within the event's id. */
  readonly idStart: Uint8Array;
  readonly times: Uint8Array;
};

function renderTransaction(
  { commitLsn, committedAt, xid }: Transaction,
  { version, name, database }: DebeziumSource,
): TransactionParts {
  const micros = committedAt === null ? null : toUnixMicros(committedAt);
  // Debezium's schema requires the source's time: where there is none, it is 1970.
  const since1970 = micros ?? 0n;
  const start = JSON.stringify({ version, connector: 'postgresql', name }).slice(0, -1);
  const sourceStart = [
    `${start},"ts_ms":${since1970 / 1_000n},"snapshot":"false","db":${JSON.stringify(database)}`,
    String.raw`"sequence":"[\"${commitLsn}\",\"`,
  ].join(',');
  return {
    sourceStart: new TextEncoder().encode(sourceStart),
    afterSequence: ascii(String.raw`\"]","ts_us":${since1970},"ts_ns":${since1970 * 1_000n}`),
    lsnStart: ascii(xid === null ? ',"lsn":' : `,"txId":${xid},"lsn":`),
    idStart: ascii(`,"xmin":null,"event_id":"${sortableLsn(commitLsn)}-`),
    times: ascii(
      micros === null
        ? ',"ts_ms":null,"ts_us":null,"ts_ns":null'
        : `,"ts_ms":${micros / 1_000n},"ts_us":${micros},"ts_ns":${micros * 1_000n}`,
    ),
  };
}
