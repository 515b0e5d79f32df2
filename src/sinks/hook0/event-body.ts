/** What the sink has to know of an event, read from the body that it sends. */
export type EventBody = {
  readonly eventType: string;
  readonly labelCount: number;
  /** The longest name or text of a label. */
  readonly labelBytes: number;
  readonly metadataCount: number;
  readonly payloadCharacters: number;
  readonly bodyBytes: number;
};

/** What makes an event this one, beside its place and time. */
export type EventContent = {
  readonly eventId: string;
  readonly eventType: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly payload: string;
};

type Head = {
  readonly event_id: string;
  readonly event_type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
};

const MEMBER = ',"payload":';
const PAYLOAD = Buffer.from(`${MEMBER}"`);
const MAX_BODY_BYTES = 2 << 20;
const MAX_PAYLOAD_CHARACTERS = 699_050;
const MAX_EVENT_TYPE_CHARACTERS = 200;
const MAX_LABELS = 10;
const MAX_LABEL_BYTES = 50;
const MAX_METADATA = 50;

const byteLength = (text: string): number => Buffer.byteLength(text);

/**
 * The payload is the last member, and within a JSON string every quote is escaped: where its member
 * begins is the last place that looks like it. So the payload need not be parsed.
 */
export function readEventBody(body: Uint8Array): EventBody {
  const { head, payload } = split(body);
  return {
    eventType: head.event_type,
    labelCount: Object.keys(head.labels).length,
    labelBytes: Math.max(0, ...Object.entries(head.labels).flat().map(byteLength)),
    metadataCount: Object.keys(head.metadata ?? {}).length,
    payloadCharacters: charactersOf(payload),
    bodyBytes: body.length,
  };
}

export function readEventContent(body: Uint8Array): EventContent {
  const { head, payload } = split(body);
  return {
    eventId: head.event_id,
    eventType: head.event_type,
    labels: head.labels,
    payload: JSON.parse(payload.toString('utf8')) as string,
  };
}

/** The same event in all but its id. */
export function withEventId(body: Uint8Array, event_id: string): Uint8Array {
  const { head, payload } = split(body);
  const before = JSON.stringify({ ...head, event_id }).slice(0, -1);
  return Buffer.concat([Buffer.from(before + MEMBER), payload, Buffer.from('}')]);
}

/** `payload`: as a JSON text, between its quotes. */
function split(body: Uint8Array): { readonly head: Head; readonly payload: Buffer } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const at = bytes.lastIndexOf(PAYLOAD);
  return {
    head: JSON.parse(`${bytes.toString('utf8', 0, at)}}`) as Head,
    payload: bytes.subarray(at + MEMBER.length, bytes.length - 1),
  };
}

/** Unicode characters; of a payload that has too few bytes to be too long, its bytes. */
function charactersOf(json: Buffer): number {
  if (json.length - 2 <= MAX_PAYLOAD_CHARACTERS) return json.length - 2;
  let characters = 0;
  for (const _ of JSON.parse(json.toString('utf8')) as string) characters += 1;
  return characters;
}

/** Why Hook0 would refuse the event, whenever it came; null: nothing is known against it. */
export function limitFault(event: EventBody): string | null {
  const { eventType, labelCount, labelBytes, metadataCount } = event;
  const { payloadCharacters, bodyBytes } = event;
  const typeCharacters = [...eventType].length;
  if (
    typeCharacters < 1 ||
    typeCharacters > MAX_EVENT_TYPE_CHARACTERS ||
    /\p{Cc}/u.test(eventType)
  ) {
    return `the event type ${JSON.stringify(eventType.slice(0, 100))} is not 1 to ${MAX_EVENT_TYPE_CHARACTERS} printable characters`;
  }
  if (labelCount < 1 || labelCount > MAX_LABELS) {
    return `${labelCount} labels; Hook0 takes 1 to ${MAX_LABELS}`;
  }
  if (labelBytes > MAX_LABEL_BYTES) {
    return `a label of ${labelBytes} bytes; Hook0 takes ${MAX_LABEL_BYTES}, and cut it would be another one`;
  }
  if (metadataCount > MAX_METADATA) {
    return `${metadataCount} entries of metadata; Hook0 takes ${MAX_METADATA}`;
  }
  if (payloadCharacters > MAX_PAYLOAD_CHARACTERS) {
    return `a payload of ${payloadCharacters} characters; Hook0 takes ${MAX_PAYLOAD_CHARACTERS}`;
  }
  if (bodyBytes > MAX_BODY_BYTES) return `${bodyBytes} bytes; Hook0 takes ${MAX_BODY_BYTES}`;
  return null;
}
