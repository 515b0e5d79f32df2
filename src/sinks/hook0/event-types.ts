import type { Clock } from '../../clock/clock.ts';
import type { Outcome, Turn } from '../../delivery/sink.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import type { Hook0Api } from './api.ts';
import { isRegistered } from './confirmation.ts';
import { hook0Outcome, problemId } from './problem.ts';
import { takeTurn } from './take-turn.ts';

type Failure = Exclude<Outcome, { kind: 'delivered' }>;

/** Service, resource and verb: what a type is registered by. */
type Parts = readonly [service: string, resource: string, verb: string];

const PART = /^\P{Cc}{1,50}$/u;

/**
 * The event types of one application. One is registered once an event was refused for want of it, and
 * not before: registering a type that a person has deactivated would make it active again, and Hook0
 * takes its events as it is.
 */
export class EventTypes {
  readonly #api: Hook0Api;
  readonly #applicationId: string;
  readonly #clock: Clock;
  readonly #times = new Map<string, number>();
  readonly #registering = new Map<string, Promise<Failure | null>>();

  constructor(api: Hook0Api, applicationId: string, clock: Clock) {
    this.#api = api;
    this.#applicationId = applicationId;
    this.#clock = clock;
  }

  /** How often the type was registered here. */
  timesRegistered(eventType: string): number {
    return this.#times.get(eventType) ?? 0;
  }

  /**
   * Null once it is registered. Lanes that need the same type at once share one request; so does one
   * whose event was on its way meanwhile, for Hook0 checks a quota before it looks whether the type is
   * there. `timesBefore`: timesRegistered when the event was sent. Rejects with NoAnswerError.
   */
  register(
    eventType: string,
    timesBefore: number,
    signal: AbortSignal,
    turn: Turn,
  ): Promise<Failure | null> {
    const underWay = this.#registering.get(eventType);
    if (underWay !== undefined) return underWay;
    if (this.timesRegistered(eventType) !== timesBefore) return Promise.resolve(null);
    const registering = this.#register(eventType, signal, turn).finally(() => {
      this.#registering.delete(eventType);
    });
    this.#registering.set(eventType, registering);
    return registering;
  }

  async #register(eventType: string, signal: AbortSignal, turn: Turn): Promise<Failure | null> {
    const parts = partsOf(eventType);
    if (parts === null) {
      const wanted = 'three parts of 1 to 50 characters, with a dot between';
      const reason = `${eventType} is no registered event type, and cannot be registered: it is not ${wanted}`;
      return { kind: 'rejected', reason, answer: null };
    }
    const [service, resource_type, verb] = parts;
    const type = { application_id: this.#applicationId, service, resource_type, verb };
    const body = new TextEncoder().encode(JSON.stringify(type));
    await takeTurn(turn, signal);
    const answer = await this.#api.post('/event_types', body, signal);
    const outcome = hook0Outcome(answer, this.#clock.now(), isRegistered);
    if (outcome.kind === 'delivered' || problemId(answer) === 'EventTypeAlreadyExist') {
      this.#times.set(eventType, this.timesRegistered(eventType) + 1);
      return null;
    }
    if (!isRefused(answer)) return outcome;
    const reason = `the event type ${eventType} is not registered: ${outcome.reason}${adviceFor(answer)}`;
    return { kind: 'rejected', reason, answer: outcome.answer };
  }
}

/** Null where Hook0 would not register it. What has more dots has them in its resource. */
function partsOf(eventType: string): Parts | null {
  const [service, ...others] = eventType.split('.');
  const verb = others.pop();
  const resource = others.join('.');
  const parts: Parts = [service ?? '', resource, verb ?? ''];
  return parts.every((part) => PART.test(part)) ? parts : null;
}

/** It may not be registered: events of other types may pass all the same. */
function isRefused(answer: HttpAnswer): boolean {
  const id = problemId(answer) ?? '';
  return id === 'Forbidden' || id === 'Validation' || isQuota(answer);
}

function isQuota(answer: HttpAnswer): boolean {
  return answer.status === 429 && problemId(answer)?.startsWith('TooMany') === true;
}

function adviceFor(answer: HttpAnswer): string {
  return isQuota(answer)
    ? '; an eventType without {operation} needs one type a table instead of three'
    : '';
}
