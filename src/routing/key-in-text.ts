import { type JsonSlice, jsonMembers } from '../formats/json-members.ts';

/**
 * The key of the row that an event's text is about, as JSON, for a person who looks at the event: read
 * from what was written, so that it holds no more than the endpoint was to see. `columns`: names of the
 * key's columns, where they are known; formats without a key of their own need them. null: the text
 * tells none.
 */
export function keyInText(
  text: Uint8Array,
  headers: Readonly<Record<string, string>>,
  columns: readonly string[] | null,
): string | null {
  const named = headers['walhook-key'];
  if (named !== undefined) return JSON.stringify(decoded(named));
  // The payload of an outbox alone: what it holds is the application's.
  if (headers['walhook-type'] !== undefined) return null;
  try {
    if (headers['ce-id'] === undefined) return keyOf(text, columns);
    const partitionKey = headers['ce-partitionkey'];
    return walhookKey(text) ?? (partitionKey === undefined ? null : quoted(decoded(partitionKey)));
  } catch {
    return null;
  }
}

function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

const quoted = (text: string): string => JSON.stringify(text);
const utf8 = new TextDecoder();
const OPEN_BRACE = 0x7b;

/** Of two values that are one change, the first tells. `columns`: see `keyInText`. */
function keyOf(text: Uint8Array, columns: readonly string[] | null): string | null {
  const start = text.indexOf(OPEN_BRACE);
  if (start === -1) return null;
  const json = text.subarray(start);
  const members = jsonMembers(json);
  const textOf = (name: string): string | null => textAt(json, members.get(name));
  const objectOf = (name: string): Uint8Array | null => {
    const slice = members.get(name);
    if (slice === undefined || json[slice.start] !== OPEN_BRACE) return null;
    return json.subarray(slice.start, slice.end);
  };

  // CloudEvents: the walhook event is the data; of an outbox the payload is.
  if (members.has('specversion')) {
    const data = objectOf('data');
    return (data === null ? null : walhookKey(data)) ?? textOf('partitionkey');
  }
  // Hook0: the walhook event is a text within.
  if (members.has('application_id')) {
    const payload = JSON.parse(textOf('payload') ?? 'null') as unknown;
    return typeof payload === 'string' ? walhookKey(new TextEncoder().encode(payload)) : null;
  }
  if (members.has('key')) return textOf('key');
  // Drasi.
  const element = objectOf('element') ?? (members.has('operation') ? json : null);
  if (element !== null) return textAt(element, jsonMembers(element).get('id'));
  const row =
    objectOf('after') ??
    objectOf('before') ??
    objectOf('new_tuple_data') ??
    objectOf('tuple_data') ??
    objectOf('old_tuple_data') ??
    objectOf('record') ??
    objectOf('old_record') ??
    hasuraRow(objectOf('event'));
  if (row === null || columns === null) return null;
  return picked(row, columns);
}

/** Within Hasura's event: the new row, or of a delete the old one. */
function hasuraRow(event: Uint8Array | null): Uint8Array | null {
  const data = event === null ? undefined : jsonMembers(event).get('data');
  if (event === null || data === undefined || event[data.start] !== OPEN_BRACE) return null;
  const json = event.subarray(data.start, data.end);
  const members = jsonMembers(json);
  const rows = ['new', 'old'].flatMap((name) => members.get(name) ?? []);
  const row = rows.find(({ start }) => json[start] === OPEN_BRACE);
  return row === undefined ? null : json.subarray(row.start, row.end);
}

function walhookKey(event: Uint8Array): string | null {
  if (event[0] !== OPEN_BRACE) return null;
  const members = jsonMembers(event);
  return members.has('commit_lsn') ? textAt(event, members.get('key')) : null;
}

function picked(row: Uint8Array, columns: readonly string[]): string | null {
  const members = jsonMembers(row);
  // wal2http's columns have no names.
  if (members.size === 3 && members.has('processed_length')) return null;
  const values = columns.flatMap((name) => {
    const slice = members.get(name);
    return slice === undefined
      ? []
      : [`${JSON.stringify(name)}:${utf8.decode(row.subarray(slice.start, slice.end))}`];
  });
  return values.length === 0 ? null : `{${values.join()}}`;
}

function textAt(json: Uint8Array, slice: JsonSlice | undefined): string | null {
  if (slice === undefined) return null;
  const text = utf8.decode(json.subarray(slice.start, slice.end));
  return text === 'null' ? null : text;
}
