import { Assembler } from '../../dist/changes/assembler.js';
import { builtinTypeCatalog } from '../../dist/changes/builtin-types.js';
import { JsonWriter } from '../../dist/changes/json-writer.js';
import { RelationCache } from '../../dist/changes/relation-cache.js';
import { walhookFormat } from '../../dist/formats/walhook.js';
import { PgoutputDecoder } from '../../dist/pgoutput/decoder.js';

/** What the server's catalog would tell a drain of the bench's table. */
const catalog = {
  lookUp: (oid) => builtinTypeCatalog.lookUp(oid),
  loadTypes: () => Promise.resolve(),
  primaryKey: () => Promise.resolve(['id']),
};

/** Rows as an endpoint without options of its own gets them. */
export const plainRows = { values: { int8: 'number', numeric: 'string' }, columns: null };

/**
 * As a drain does it: each event's JSON is finished bytes in `onEvent`'s writer. `createFormat` makes
 * the format of a catalog.
 */
export async function decodeByWalhook(
  messages,
  onEvent,
  createFormat = (types) => walhookFormat(types, plainRows),
) {
  const decoder = new PgoutputDecoder({ protocolVersion: 1 });
  const relations = new RelationCache(catalog);
  const format = createFormat(catalog);
  const out = new JsonWriter();
  const assembler = new Assembler(relations, {
    event(event) {
      out.clear();
      format.write(event, out);
      onEvent(out);
    },
    completeThrough() {},
  });
  for (const { bytes, lsnHigh, lsnLow } of messages) {
    const message = decoder.decode(bytes);
    if (message.kind === 'relation') await relations.prepare(message);
    assembler.accept(message, lsnHigh, lsnLow);
  }
}
