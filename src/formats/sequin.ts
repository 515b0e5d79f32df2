import type { RowChange, Transaction } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat } from './event-format.ts';
import { enclose } from './json-list.ts';
import { PerTransaction } from './per-transaction.ts';
import { type RelationJson, RowJson, type RowOptions } from './row-json.ts';
import { sequinValues } from './sequin-values.ts';
import { ascii, writeDecimal } from './text-bytes.ts';
import { uuidV5 } from './uuid-v5.ts';

export type SequinSource = {
  /** What Sequin calls a consumer, or a sink: an endpoint. */
  readonly consumer: { readonly id: string; readonly name: string };
  readonly database: string;
  readonly system: string | null;
};

/** What a webhook sink of Sequin sends that batches. */
export const sequinBatch = enclose('{"data":[', ']}');

/** The namespace of the ids of endpoints and databases. */
const PLACES = '8d0e4c52-5c1f-4b8e-8f61-0e6f2a9b7c3d';
const NULL = ascii('null');
const NOTHING = new Uint8Array(0);
const RECORD = ascii('{"record":');
const CHANGES = ascii(',"changes":');
const NOTHING_CHANGED = ascii('{}');
const ACTIONS = {
  insert: ascii(',"action":"insert","metadata":{'),
  update: ascii(',"action":"update","metadata":{'),
  delete: ascii(',"action":"delete","metadata":{'),
};
const IDEMPOTENCY_KEY = ascii(',"idempotency_key":');
const COMMIT_INDEX = ascii(',"commit_idx":');

/**
 * The change messages of Sequin's webhook sink. They know rows alone: no truncates, no logical
 * messages.
 * @see https://github.com/sequinstream/sequin/blob/main/docs/reference/messages.mdx
 */
export function sequinFormat(
  catalog: TypeCatalog,
  options: RowOptions,
  source: SequinSource,
): EventFormat {
  const rows = { ...options, values: sequinValues(options.values) };
  const about = renderAbout(source);
  const relations = new RowJson(catalog, rows, (view) => renderNames(view, options));
  const transactions = new PerTransaction(renderTransaction);
  const key = new JsonWriter(64);

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    out.put(RECORD);
    if (event.new !== null) relation.row.writeComplete(event, null, out);
    else if (event.old === null) out.put(NOTHING_CHANGED);
    // Of a key alone, all the others are null there.
    else relation.row.write(event.old.tuple, out);
    out.put(CHANGES);
    if (event.op === 'update') writeChanges(event, relation, out);
    else out.put(NULL);
    out.put(ACTIONS[event.op]);
    out.put(relation.fixed);
    writeMetadata(event, out);
  }

  function writeMetadata({ transaction, seq }: RowChange, out: JsonWriter): void {
    const { keyStart, end } = transactions.of(transaction);
    key.clear();
    key.put(keyStart);
    writeDecimal(seq, key);
    out.put(IDEMPOTENCY_KEY);
    writeBase64(key.written(), out);
    out.put(COMMIT_INDEX);
    writeDecimal(seq, out);
    out.put(end);
    out.put(about);
  }

  return {
    contentType: 'application/json',
    writeTest(id, nowMs, out) {
      // A row of a table that is not there is gone: nothing is to be done.
      out.ascii(`{"record":{"id":"${id}"},"changes":null`);
      out.put(ACTIONS.delete);
      out.ascii('"table_schema":"walhook.test","table_name":"walhook.test","idempotency_key":');
      writeBase64(new TextEncoder().encode(id), out);
      out.ascii(`,"commit_idx":0,"commit_lsn":0,"commit_timestamp":`);
      out.ascii(`"${new Date(nowMs).toISOString()}"`);
      out.put(about);
    },
    skips: ({ op }) => op === 'truncate' || op === 'message',
    write(event, out) {
      if (event.op !== 'truncate' && event.op !== 'message') writeRowChange(event, out);
    },
  };
}

function writeChanges(
  { old, new: current }: RowChange,
  { row, identity }: RelationJson<unknown>,
  out: JsonWriter,
): void {
  if (old === null || current === null) return out.put(NOTHING_CHANGED);
  (old.kind === 'full' ? row : identity).writeFormer(old.tuple, current, out);
}

function renderNames(view: RelationView, { columns }: RowOptions): Uint8Array {
  const { schema, table } = view;
  const names = `"table_schema":${JSON.stringify(schema)},"table_name":${JSON.stringify(table)}`;
  return Uint8Array.of(
    ...new TextEncoder().encode(names),
    ...(catalogNotes(view, columns) ?? NOTHING),
  );
}

type TransactionParts = {
  /** Up to the event's number within the text that its key is made of. */
  readonly keyStart: Uint8Array;
  /** From the event's number on, up to what all messages share. */
  readonly end: Uint8Array;
};

function renderTransaction({ commitLsn, committedAt }: Transaction): TransactionParts {
  const time = committedAt === null ? 'null' : `"${postgresTimestamp(committedAt)}"`;
  return {
    keyStart: ascii(`${commitLsn}:`),
    end: ascii(`,"commit_lsn":${commitLsn},"commit_timestamp":${time}`),
  };
}

/** What is the same in all messages of an endpoint, up to their end. */
function renderAbout({ consumer, database, system }: SequinSource): Uint8Array {
  const id = uuidV5(PLACES, JSON.stringify(['database', system, database]));
  const about = {
    database_name: database,
    transaction_annotations: null,
    consumer: { ...consumer, annotations: {} },
    database: { id, name: database, annotations: {}, database },
  };
  return new TextEncoder().encode(`,${JSON.stringify(about).slice(1, -1)}}}`);
}

/** An endpoint's id, where none is configured: the same in every process. */
export function sequinConsumerId(pipeline: string, endpoint: string): string {
  return uuidV5(PLACES, JSON.stringify(['consumer', pipeline, endpoint]));
}
