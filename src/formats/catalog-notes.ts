import type { RelationView } from '../changes/relation-view.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ColumnPolicy } from './column-policy.ts';

/**
 * `,"as_text":["address"],"key_unknown":true`: what of a relation's events is not as it would be, since
 * the catalog has been changed meanwhile, and what it was is not known. null: nothing.
 */
export function catalogNotes(view: RelationView, policy: ColumnPolicy | null): Uint8Array | null {
  const asText = view.columns.flatMap((column, index) => {
    if (view.asText?.has(column) !== true) return [];
    const isShown =
      policy === null || policy.writer(view, index, writeJsonString) === writeJsonString;
    return isShown ? [column.name] : [];
  });
  const notes = [
    ...(asText.length === 0 ? [] : [`,"as_text":${JSON.stringify(asText)}`]),
    ...(view.keyIsUnknown === true ? [',"key_unknown":true'] : []),
  ];
  return notes.length === 0 ? null : new TextEncoder().encode(notes.join(''));
}
