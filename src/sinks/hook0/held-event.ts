import type { Clock } from '../../clock/clock.ts';
import type { Outcome, Turn } from '../../delivery/sink.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import type { Hook0Api } from './api.ts';
import { fieldsOf, isEvent } from './confirmation.ts';
import type { EventContent } from './event-body.ts';
import { hook0Outcome, problemId } from './problem.ts';
import { takeTurn } from './take-turn.ts';

type Failure = Exclude<Outcome, { kind: 'delivered' }>;

/**
 * Which event Hook0 holds under an id.
 * - same: the one that was asked for
 * - another: of this application, and in other words
 * - elsewhere: one of another application, for ids are unique over the whole instance
 * - untold: the token may not read events
 */
export type HeldEvent = { readonly kind: 'same' | 'another' | 'elsewhere' | 'untold' } | Failure;

/** Hook0's sources have the first, what is known of some of its servers the second. */
const PATHS = ['/events', '/event'];

/** The largest payload in base64, and what stands beside it. */
const ANSWER_BYTES = 4 << 20;

export class HeldEvents {
  readonly #api: Hook0Api;
  readonly #applicationId: string;
  readonly #clock: Clock;

  constructor(api: Hook0Api, applicationId: string, clock: Clock) {
    this.#api = api;
    this.#applicationId = applicationId;
    this.#clock = clock;
  }

  /** Rejects with NoAnswerError. */
  async compare(event: EventContent, signal: AbortSignal, turn: Turn): Promise<HeldEvent> {
    let isUnknown = false;
    let answer!: HttpAnswer;
    for (const path of PATHS) {
      await takeTurn(turn, signal);
      const asked = `${path}/${event.eventId}?application_id=${this.#applicationId}`;
      answer = await this.#api.get(asked, signal, ANSWER_BYTES);
      if (answer.status !== 404 && !(isUnknown && answer.status === 405)) break;
      isUnknown ||= problemId(answer) === 'NotFound';
    }
    if (isUnknown && (answer.status === 404 || answer.status === 405)) return { kind: 'elsewhere' };
    if (problemId(answer) === 'Forbidden') return { kind: 'untold' };
    const outcome = hook0Outcome(answer, this.#clock.now(), isEvent);
    if (outcome.kind !== 'delivered') return outcome;
    return { kind: isSame(fieldsOf(answer.body)!, event) ? 'same' : 'another' };
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** What the answer does not tell cannot differ. When it occurred is not compared: a message may have no time of its own. */
function isSame(held: Fields, { eventType, labels, payload }: EventContent): boolean {
  const { event_type_name: type, labels: heldLabels, payload: heldPayload } = held;
  return (
    (type === undefined || type === eventType) &&
    (typeof heldLabels !== 'object' || heldLabels === null || areSame(heldLabels, labels)) &&
    (typeof heldPayload !== 'string' || isPayload(heldPayload, payload))
  );
}

function areSame(held: object, labels: Readonly<Record<string, string>>): boolean {
  return sorted(held) === sorted(labels);
}

const sorted = (entries: object): string => JSON.stringify(Object.entries(entries).sort());

/** It comes in base64; empty where Hook0 has put payloads somewhere that it cannot reach any more. */
function isPayload(held: string, payload: string): boolean {
  return held === '' || held === payload || Buffer.from(held, 'base64').toString() === payload;
}
