import type { Clock } from '../../clock/clock.ts';
import type { Outcome, Turn } from '../../delivery/sink.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import type { Hook0Api } from './api.ts';
import { isRegistered, isTypeList } from './confirmation.ts';
import { hook0Outcome, problemId } from './problem.ts';
import { takeTurn } from './take-turn.ts';

type Failure = Exclude<Outcome, { kind: 'delivered' }>;

/** `untold`: which types there are cannot be seen, so that an attempt has to show it. */
type Listing = { readonly kind: 'listed' } | { readonly kind: 'untold' } | Failure;

/** Service, resource and verb: what a type is registered by. */
const PARTS = /^(\w{1,50})\.(\w{1,50})\.(\w{1,50})$/;

/**
 * The event types of one application. They are listed once a drain; what is missing is registered
 * before its first event is sent. Registering again what exists would do no harm, but a quota is
 * checked before it.
 */
export class EventTypes {
  readonly #api: Hook0Api;
  readonly #applicationId: string;
  readonly #clock: Clock;
  readonly #known = new Set<string>();
  #listing: Promise<Listing> | null = null;
  readonly #registering = new Map<string, Promise<Failure | null>>();

  constructor(api: Hook0Api, applicationId: string, clock: Clock) {
    this.#api = api;
    this.#applicationId = applicationId;
    this.#clock = clock;
  }

  /** Null once events of the type can be sent, as far as can be told. Rejects with NoAnswerError. */
  async ensure(eventType: string, signal: AbortSignal, turn: Turn): Promise<Failure | null> {
    const listing = await this.#list(signal, turn);
    if (listing.kind !== 'listed' && listing.kind !== 'untold') return listing;
    if (listing.kind === 'untold' || this.#known.has(eventType)) return null;
    return this.register(eventType, signal, turn);
  }

  /** Null once it is registered. Lanes that need the same type at once share one request. */
  register(eventType: string, signal: AbortSignal, turn: Turn): Promise<Failure | null> {
    const underWay = this.#registering.get(eventType);
    if (underWay !== undefined) return underWay;
    const registering = this.#register(eventType, signal, turn).finally(() => {
      this.#registering.delete(eventType);
    });
    this.#registering.set(eventType, registering);
    return registering;
  }

  /** A listing that failed is not kept: the next attempt lists again. */
  async #list(signal: AbortSignal, turn: Turn): Promise<Listing> {
    const listing = (this.#listing ??= this.#readList(signal, turn));
    let kept = false;
    try {
      const listed = await listing;
      kept = listed.kind === 'listed' || listed.kind === 'untold';
      return listed;
    } finally {
      if (!kept && this.#listing === listing) this.#listing = null;
    }
  }

  async #readList(signal: AbortSignal, turn: Turn): Promise<Listing> {
    await takeTurn(turn, signal);
    const path = `/event_types?application_id=${this.#applicationId}`;
    const answer = await this.#api.get(path, signal);
    // A token may be allowed to send events and nothing else.
    if (problemId(answer) === 'Forbidden') return { kind: 'untold' };
    if (isLongList(answer)) return { kind: 'untold' };
    const outcome = hook0Outcome(answer, this.#clock.now(), isTypeList);
    if (outcome.kind !== 'delivered') return outcome;
    for (const type of typesIn(answer.body)) this.#known.add(type);
    return { kind: 'listed' };
  }

  async #register(eventType: string, signal: AbortSignal, turn: Turn): Promise<Failure | null> {
    const parts = PARTS.exec(eventType);
    if (parts === null) {
      const wanted = 'three parts of 1 to 50 letters, digits and _, with a dot between';
      const reason = `${eventType} is no registered event type, and cannot be registered: it is not ${wanted}`;
      return { kind: 'rejected', reason, answer: null };
    }
    const [, service, resource_type, verb] = parts;
    const type = { application_id: this.#applicationId, service, resource_type, verb };
    const body = new TextEncoder().encode(JSON.stringify(type));
    await takeTurn(turn, signal);
    const answer = await this.#api.post('/event_types', body, signal);
    const outcome = hook0Outcome(answer, this.#clock.now(), isRegistered);
    if (outcome.kind === 'delivered' || problemId(answer) === 'EventTypeAlreadyExist') {
      this.#known.add(eventType);
      return null;
    }
    if (!isRefused(answer)) return outcome;
    const reason = `the event type ${eventType} is not registered: ${outcome.reason}`;
    return { kind: 'rejected', reason, answer: outcome.answer };
  }
}

/** It may not be registered: events of other types may pass all the same. */
function isRefused(answer: HttpAnswer): boolean {
  const id = problemId(answer) ?? '';
  return (
    id === 'Forbidden' || id === 'Validation' || (answer.status === 429 && id.startsWith('TooMany'))
  );
}

/** Longer than what is read of an answer. */
function isLongList({ status, body, ending }: HttpAnswer): boolean {
  return status === 200 && ending === 'cut' && /^\s*\[/.test(body);
}

/** Of a list. */
function typesIn(body: string): readonly string[] {
  const list = JSON.parse(body) as readonly ({ readonly event_type_name?: unknown } | null)[];
  return list.flatMap((type) =>
    typeof type?.event_type_name === 'string' ? [type.event_type_name] : [],
  );
}
