import type { EmittedMessage } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { writeBase64 } from '../changes/values/base64.ts';
import { writeJson } from '../changes/values/json-document.ts';
import { writeJsonText } from '../changes/values/json-string.ts';
import { type JsonSlice, jsonMembers } from '../formats/json-members.ts';
import type { OutboxEvent, OutboxField } from '../formats/outbox-event.ts';
import { FIELD_NAMES } from './outbox-fields.ts';
import { outboxText } from './outbox-text.ts';

/**
 * A logical message as an event: JSON of the form `{"type","key","payload","headers"}`, or, where it is
 * not, a payload as it stands whose type is the message's prefix.
 */
export function outboxMessage({ content, prefix }: EmittedMessage): OutboxEvent {
  const text = utf8Text(content);
  const json = text === null ? undefined : parsed(text);
  if (isWorded(json)) return new WordedMessage(content, jsonMembers(content));
  if (json !== undefined)
    return new RawMessage(prefix, (out) => writeJson(content, 0, content.length, out));
  if (text !== null) return new RawMessage(prefix, (out) => writeJsonText(text, out));
  return new RawMessage(prefix, (out) => writeBase64(content, out));
}

class WordedMessage implements OutboxEvent {
  readonly #content: Uint8Array;
  readonly #members: ReadonlyMap<string, JsonSlice>;

  constructor(content: Uint8Array, members: ReadonlyMap<string, JsonSlice>) {
    this.#content = content;
    this.#members = members;
  }

  write(field: OutboxField, out: JsonWriter): void {
    const member = this.#members.get(FIELD_NAMES[field]);
    if (member === undefined) out.ascii('null');
    else writeJson(this.#content, member.start, member.end, out);
  }

  text(field: OutboxField): string | null {
    return outboxText(this, field);
  }
}

class RawMessage implements OutboxEvent {
  readonly #prefix: string;
  readonly #writePayload: (out: JsonWriter) => void;

  constructor(prefix: string, writePayload: (out: JsonWriter) => void) {
    this.#prefix = prefix;
    this.#writePayload = writePayload;
  }

  write(field: OutboxField, out: JsonWriter): void {
    if (field === 'payload') this.#writePayload(out);
    else if (field === 'type') writeJsonText(this.#prefix, out);
    else out.ascii('null');
  }

  text(field: OutboxField): string | null {
    return outboxText(this, field);
  }
}

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** undefined: no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isWorded(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  return 'type' in json && typeof json.type === 'string' && 'payload' in json;
}
