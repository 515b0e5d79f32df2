import { z } from 'zod';

/** What Hook0's API answers besides success, by the id of its problem documents. */
const STATUSES = {
  AuthInvalidAuthorizationHeader: 400,
  AuthInvalidBiscuit: 403,
  AuthNoAuthorizationHeader: 401,
  EventAlreadyIngested: 409,
  EventInvalidBase64Payload: 400,
  EventInvalidJsonPayload: 400,
  EventInvalidPayloadContentType: 400,
  EventTypeDoesNotExist: 400,
  Forbidden: 403,
  InternalServerError: 500,
  JsonPayload: 400,
  NotFound: 404,
  RateLimited: 429,
  ServiceUnavailable: 503,
  TooManyEventTypesPerApplication: 429,
  TooManyEventsToday: 429,
  Validation: 422,
} as const;

export type ProblemId = keyof typeof STATUSES;

export class Hook0Problem extends Error {
  readonly id: ProblemId;
  readonly retryAfter: string | undefined;

  constructor(id: ProblemId, detail: string, retryAfter?: string) {
    super(detail);
    this.id = id;
    this.retryAfter = retryAfter;
  }

  get answer() {
    const status = STATUSES[this.id];
    const type = `https://hook0.com/documentation/errors/${this.id}`;
    const document = { type, id: this.id, title: this.id, detail: this.message, status };
    return {
      status,
      headers: {
        'content-type': 'application/problem+json',
        ...(this.retryAfter === undefined ? {} : { 'retry-after': this.retryAfter }),
      },
      body: JSON.stringify(document),
    };
  }
}

const BODY_BYTES = 2 << 20;
const PAYLOAD_CHARACTERS = 699_050;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const texts = z.record(z.string(), z.string());
const eventShape = z.object({
  application_id: z.guid(),
  event_id: z.guid(),
  event_type: z.string(),
  payload: z.string(),
  payload_content_type: z.string(),
  occurred_at: z.string().refine((text) => RFC3339.test(text) && !Number.isNaN(Date.parse(text))),
  labels: texts,
  metadata: texts.optional(),
});

export type IngestedEvent = z.output<typeof eventShape>;

export type Fields = Readonly<Record<string, unknown>>;

export function readBody(body: Buffer, contentType: string | undefined): Fields {
  if (body.length > BODY_BYTES) throw new Hook0Problem('JsonPayload', 'Payload is too large.');
  if (!/^application\/json\b/.test(contentType ?? '')) {
    throw new Hook0Problem('JsonPayload', 'Content type is not JSON.');
  }
  const value = parse(new TextDecoder('utf8', { fatal: true }).decode(body));
  if (!isRecord(value)) throw new Hook0Problem('JsonPayload', 'The body is no JSON object.');
  return value;
}

/** Shape and limits, in the order in which the API looks at them. Throws Hook0Problem. */
export function checkEvent(fields: Fields): IngestedEvent {
  const { data: event, error } = eventShape.safeParse(fields);
  if (event === undefined) throw new Hook0Problem('JsonPayload', String(error));
  checkName('event_type', event.event_type, 200);
  checkEntries('labels', event.labels, 1, 10);
  checkEntries('metadata', event.metadata ?? {}, 0, 50);
  if ([...event.payload].length > PAYLOAD_CHARACTERS) invalid('payload');
  return event;
}

export function checkPayload({ payload, payload_content_type: type }: IngestedEvent): void {
  switch (type) {
    case 'text/plain':
      return;
    case 'application/json':
      if (parse(payload) === undefined) throw new Hook0Problem('EventInvalidJsonPayload', payload);
      return;
    case 'application/octet-stream+base64':
      if (/^[A-Za-z0-9+/]*={0,2}$/.test(payload)) return;
      throw new Hook0Problem('EventInvalidBase64Payload', payload);
    default:
      throw new Hook0Problem('EventInvalidPayloadContentType', type);
  }
}

/** 1 to `max` characters, none of them a control character. */
export function checkName(name: string, value: string, max: number): void {
  const { length } = [...value];
  if (length < 1 || length > max || /\p{Cc}/u.test(value)) invalid(name);
}

function checkEntries(
  name: string,
  entries: Readonly<Record<string, string>>,
  min: number,
  max: number,
): void {
  const parts = Object.entries(entries);
  if (parts.length < min || parts.length > max) invalid(name);
  for (const part of parts.flat()) {
    const bytes = Buffer.byteLength(part);
    if (bytes < 1 || bytes > 50) invalid(name);
    // Its database has no such character, and the API does not look for it.
    if (part.includes('\0')) throw new Hook0Problem('InternalServerError', 'Database error.');
  }
}

function invalid(name: string): never {
  throw new Hook0Problem('Validation', `${name}: validation failed`);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
