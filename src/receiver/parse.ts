import type { WalhookEvent } from './event.ts';
import { type JsonValue, type LargeIntegers, parseJson } from './lossless-json.ts';
import { type RawBody, textOf } from './raw-body.ts';
import { ReceiverError } from './receiver-error.ts';

export type ParseOptions = {
  /**
   * An `int8` may be past what a number can hold exactly. Default: `bigint`, for those alone. `number`
   * rounds them.
   */
  readonly largeIntegers?: LargeIntegers | undefined;
};

/** What a batch says of itself. */
export type BatchOrigin = {
  readonly pipeline: string;
  readonly endpoint: string;
  readonly source: {
    readonly database: string;
    readonly slot: string;
    /** The cluster's system identifier; null where the server keeps it to itself. */
    readonly system: string | null;
  };
};

export type ParsedRequest = {
  /** Of the batch, or of its only event where there is no batch around it. */
  readonly id: string;
  readonly events: readonly WalhookEvent[];
  /** Null for an event without a batch around it. */
  readonly origin: BatchOrigin | null;
};

type JsonObject = { readonly [name: string]: JsonValue };

/**
 * The events of a body in the format `walhook`, a batch or a single one. Looks at ids and operations,
 * and takes the rest as the sender wrote it: verify first.
 * @throws ReceiverError `body_invalid`
 */
export function parse(body: RawBody, options: ParseOptions = {}): ParsedRequest {
  const parsed = jsonOf(textOf(body), options.largeIntegers ?? 'bigint');
  if (!isObject(parsed)) throw invalid('is no JSON object');
  const { id, events, ...origin } = parsed;
  if (typeof id !== 'string') throw invalid('has no id');
  if (events === undefined) return { id, events: [eventOf(parsed, 'is')], origin: null };
  if (!Array.isArray(events)) throw invalid('has events that are no array');
  return {
    id,
    events: events.map((event, index) => eventOf(event, `has at events[${index}]`)),
    origin: origin as JsonObject & BatchOrigin,
  };
}

function jsonOf(text: string, largeIntegers: LargeIntegers): JsonValue {
  try {
    return parseJson(text, largeIntegers);
  } catch (error) {
    // The parser's own words quote the body.
    throw new ReceiverError('body_invalid', 'The body is no JSON.', error);
  }
}

function eventOf(value: JsonValue, where: string): WalhookEvent {
  const isEvent =
    isObject(value) &&
    typeof value['id'] === 'string' &&
    (typeof value['op'] === 'string' || 'payload' in value);
  if (!isEvent) throw invalid(`${where} no event in the format walhook`);
  return value as JsonObject & WalhookEvent;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(what: string): ReceiverError {
  return new ReceiverError('body_invalid', `The body ${what}.`);
}
