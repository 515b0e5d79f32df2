import type { RowChange } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import { catalogNotes } from './catalog-notes.ts';
import type { EventFormat } from './event-format.ts';
import { jsonbValues } from './jsonb-values.ts';
import { writeKnownOldRow } from './known-old-row.ts';
import { RowJson, type RowOptions } from './row-json.ts';
import { ascii } from './text-bytes.ts';

const NULL = ascii('null');
const CLOSE_BRACE = 0x7d;

/**
 * What Supabase's database webhooks send: a row before and after, as to_jsonb() writes it. They know
 * rows alone: no truncates, no logical messages.
 * @see https://supabase.com/docs/guides/database/webhooks#payload
 */
export function supabaseFormat(catalog: TypeCatalog, options: RowOptions): EventFormat {
  const rows = { ...options, values: jsonbValues(options.values) };
  const relations = new RowJson(catalog, rows, (view) => renderParts(view, options));

  function writeRowChange(event: RowChange, out: JsonWriter): void {
    const relation = relations.of(event.relation);
    const { fixed, row } = relation;
    out.put(fixed[event.op]);
    if (event.new === null) out.put(NULL);
    else row.writeComplete(event, null, out);
    out.put(fixed.schema);
    if (event.op === 'insert') out.put(NULL);
    else writeKnownOldRow(event, relation, out);
    if (fixed.notes !== null) out.put(fixed.notes);
    out.byte(CLOSE_BRACE);
  }

  return {
    contentType: 'application/json',
    writeTest(id, _nowMs, out) {
      // A row of a table that is not there is gone: nothing is to be done.
      out.ascii('{"type":"DELETE","table":"walhook.test","record":null,"schema":"walhook.test"');
      out.ascii(`,"old_record":{"id":"${id}"}}`);
    },
    skips: ({ op }) => op === 'truncate' || op === 'message',
    write(event, out) {
      if (event.op !== 'truncate' && event.op !== 'message') writeRowChange(event, out);
    },
  };
}

type RelationParts = {
  /** Up to the record. */
  readonly insert: Uint8Array;
  readonly update: Uint8Array;
  readonly delete: Uint8Array;
  /** After it, up to the old one. */
  readonly schema: Uint8Array;
  readonly notes: Uint8Array | null;
};

function renderParts(view: RelationView, { columns }: RowOptions): RelationParts {
  const encoder = new TextEncoder();
  const start = (type: string): Uint8Array =>
    encoder.encode(`{"type":"${type}","table":${JSON.stringify(view.table)},"record":`);
  return {
    insert: start('INSERT'),
    update: start('UPDATE'),
    delete: start('DELETE'),
    schema: encoder.encode(`,"schema":${JSON.stringify(view.schema)},"old_record":`),
    notes: catalogNotes(view, columns),
  };
}
