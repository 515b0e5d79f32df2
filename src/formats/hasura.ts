import type { RowChange, Transaction } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat } from './event-format.ts';
import { EventUuids } from './event-uuid.ts';
import { jsonbValues } from './jsonb-values.ts';
import { writeKnownOldRow } from './known-old-row.ts';
import { PerTransaction } from './per-transaction.ts';
import { RowJson, type RowOptions } from './row-json.ts';
import { ascii } from './text-bytes.ts';

export type HasuraSource = {
  /** The event trigger that receivers know the events by. */
  readonly trigger: string;
  readonly database: string;
  readonly system: string | null;
};

const NULL = ascii('null');
const NOTHING = new Uint8Array(0);
const OLD = ascii(',"old":');
/** No session changed the row, as far as the WAL tells, and how often it was sent is no part of it. */
const DELIVERY = '"delivery_info":{"current_retry":0,"max_retries":0},"event":{"data":{"new":';
const OPERATIONS = {
  insert: ascii('},"op":"INSERT","session_variables":null,"trace_context":null},"id":"'),
  update: ascii('},"op":"UPDATE","session_variables":null,"trace_context":null},"id":"'),
  delete: ascii('},"op":"DELETE","session_variables":null,"trace_context":null},"id":"'),
};

/**
 * What Hasura's event triggers send. They know rows alone: no truncates, no logical messages.
 * @see https://hasura.io/docs/2.0/event-triggers/payload/
 */
export function hasuraFormat(
  catalog: TypeCatalog,
  options: RowOptions,
  source: HasuraSource,
): EventFormat {
  const rows = { ...options, values: jsonbValues(options.values) };
  const trigger = JSON.stringify({ name: source.trigger });
  const relations = new RowJson(catalog, rows, (view) => renderEnd(view, trigger, options));
  const transactions = new PerTransaction(renderStart);
  const uuids = new EventUuids(source);

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    out.put(transactions.of(event.transaction));
    if (event.new === null) out.put(NULL);
    else relation.row.writeComplete(event, null, out);
    out.put(OLD);
    if (event.op === 'insert') out.put(NULL);
    else writeKnownOldRow(event, relation, out);
    out.put(OPERATIONS[event.op]);
    uuids.write(event, out);
    out.put(relation.fixed);
  }

  return {
    contentType: 'application/json',
    writeTest(id, nowMs, out) {
      // A row of a table that is not there is gone: nothing is to be done.
      const at = new Date(nowMs).toISOString();
      out.ascii(`{"created_at":"${at}",${DELIVERY}null,"old":{"id":"${id}"}`);
      out.put(OPERATIONS.delete);
      out.ascii('00000000-0000-8000-8000-000000000000');
      const end = `","table":{"name":"walhook.test","schema":"walhook.test"},"trigger":${trigger}}`;
      out.put(new TextEncoder().encode(end));
    },
    skips: ({ op }) => op === 'truncate' || op === 'message',
    write(event, out) {
      if (event.op !== 'truncate' && event.op !== 'message') writeRowChange(event, out);
    },
  };
}

/** Up to the new row. */
function renderStart({ committedAt }: Transaction): Uint8Array {
  const time = committedAt === null ? 'null' : `"${postgresTimestamp(committedAt)}"`;
  return ascii(`{"created_at":${time},${DELIVERY}`);
}

/** From the id's closing quote. */
function renderEnd(view: RelationView, trigger: string, { columns }: RowOptions): Uint8Array {
  const table = JSON.stringify({ name: view.table, schema: view.schema });
  const encoder = new TextEncoder();
  return Uint8Array.of(
    ...encoder.encode(`","table":${table},"trigger":${trigger}`),
    ...(catalogNotes(view, columns) ?? NOTHING),
    ...encoder.encode('}'),
  );
}
