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

type Head = {
  readonly event_type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
};

const PAYLOAD = Buffer.from(',"payload":"');
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
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const at = bytes.lastIndexOf(PAYLOAD);
  const head = JSON.parse(`${bytes.toString('utf8', 0, at)}}`) as Head;
  const payload = bytes.subarray(at + PAYLOAD.length - 1, bytes.length - 1);
  return {
    eventType: head.event_type,
    labelCount: Object.keys(head.labels).length,
    labelBytes: Math.max(0, ...Object.entries(head.labels).flat().map(byteLength)),
    metadataCount: Object.keys(head.metadata ?? {}).length,
    payloadCharacters: charactersOf(payload),
    bodyBytes: body.length,
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
