import { JsonWriter } from '../../src/changes/json-writer.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import type { RowOptions } from '../../src/formats/row-json.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Every column as it is, values as they are by default. */
export const PLAIN: RowOptions = { values: { int8: 'number', numeric: 'string' }, columns: null };

export function writtenText(format: EventFormat, event: WritableEvent): string {
  const out = new JsonWriter(1);
  format.write(event, out);
  return out.text();
}

/** The one JSON value that an event became. */
export function written<Value = Json>(format: EventFormat, event: WritableEvent): Value {
  return JSON.parse(writtenText(format, event)) as Value;
}

/** The values that an event became, where a format may make two. */
export function writtenValues<Value = Json>(format: EventFormat, event: WritableEvent): Value[] {
  return JSON.parse(`[${writtenText(format, event)}]`) as Value[];
}
