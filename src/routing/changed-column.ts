import type { RowChange } from '../changes/change-event.ts';
import { jsonText } from './lossless-json.ts';
import type { RowReader, ValuePlace } from './row-reader.ts';
import { afterSide, beforeSide } from './row-side.ts';

/**
 * Whether the change gave the column another value: an insert and a delete do. Where the server did
 * not send the old value (the table's replica identity is not full) it counts as changed, unless it
 * belongs to the key, whose old value is sent where it changed: an event too many, never one too few.
 */
export function isRowColumnChanged(
  event: RowChange,
  reader: RowReader,
  place: ValuePlace,
): boolean {
  if (event.op !== 'update' || event.new === null) return true;
  const { column } = place;
  if (event.new.isUnchanged(column)) return false;
  const isIdentity = event.relation.identityColumns.includes(column);
  if (event.old === null) return !isIdentity;
  if (event.old.kind === 'key' && !isIdentity) return true;
  const before = reader.valueAt(beforeSide(event)!, place);
  const after = reader.valueAt(afterSide(event)!, place);
  return jsonText(before) !== jsonText(after);
}
