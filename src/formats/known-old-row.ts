import type { RowChange } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { RelationJson } from './row-json.ts';

/**
 * What is known of the row before an update or a delete: all of it under replica identity full; else
 * the columns that identify it, which the new row has as well where the server sent no old ones.
 */
export function writeKnownOldRow(
  { old, new: current }: RowChange,
  { row, identity }: RelationJson<unknown>,
  out: JsonWriter,
): void {
  if (old?.kind === 'full') return row.write(old.tuple, out);
  const identified = old?.tuple ?? current;
  if (identified === null) out.ascii('{}');
  else identity.write(identified, out);
}
