import type { Clock } from '../../clock/clock.ts';
import type { Delivery, Outcome, Sink, Turn } from '../../delivery/sink.ts';
import { saysNothing } from '../http/answer.ts';
import { type HttpAnswer, type HttpClient, NoAnswerError } from '../http/http-client.ts';
import { hook0Api, type Hook0ApiOptions } from './api.ts';
import { isIngested } from './confirmation.ts';
import {
  type EventContent,
  limitFault,
  readEventBody,
  readEventContent,
  withEventId,
} from './event-body.ts';
import { EventTypes } from './event-types.ts';
import { HeldEvents } from './held-event.ts';
import { hook0Outcome, problemId } from './problem.ts';
import { takeTurn } from './take-turn.ts';
import { ServerErrors } from './server-errors.ts';

const always: Turn = () => Promise.resolve(true);
const DELIVERED: Outcome = { kind: 'delivered', pauseMs: null };

export type Hook0SinkOptions = Hook0ApiOptions & {
  readonly applicationId: string;
  /** Whether event types that the application lacks are registered. */
  readonly registerEventTypes: boolean;
  /** Tries of one event within a drain. */
  readonly attempts: number;
  /** The UUID of a name within the application, always the same one. */
  readonly idOf: (name: string) => string;
};

/** What carries one attempt: its end, and its leave to make more than one request. */
type Attempt = { readonly signal: AbortSignal; readonly turn: Turn };

/**
 * Ingests events into Hook0, one a request. An event that is there already, from an attempt whose
 * answer was lost, is delivered: its id is the same at every attempt. Where another event has the id,
 * of this application or of any other on the instance, it is sent under a second one.
 */
export function hook0Sink(options: Hook0SinkOptions, client: HttpClient, clock: Clock): Sink {
  const api = hook0Api(options, client);
  const { applicationId, idOf, registerEventTypes } = options;
  const eventTypes = new EventTypes(api, applicationId, clock);
  const heldEvents = new HeldEvents(api, applicationId, clock);
  const serverErrors = new ServerErrors(options.attempts, clock);
  /** Deliveries that may have arrived without an answer that said so. */
  const unanswered = new Set<string>();

  async function ingest({ id, body }: Delivery, attempt: Attempt): Promise<Outcome> {
    const event = readEventBody(body);
    const fault = limitFault(event);
    if (fault !== null) return { kind: 'rejected', reason: fault, answer: null };
    const wasTried = unanswered.has(id);
    const outcome = await put(id, body, event.eventType, attempt);
    if (outcome !== 'held') return outcome;
    const content = readEventContent(body);
    const held = await heldEvents.compare(content, attempt.signal, attempt.turn);
    switch (held.kind) {
      case 'same':
        return DELIVERED;
      case 'untold':
        return wasTried ? DELIVERED : untold(content);
      case 'another':
      case 'elsewhere':
        return putAgain(id, body, content, attempt);
      default:
        return held;
    }
  }

  /** Under the id that an event has whose own is taken. */
  async function putAgain(
    id: string,
    body: Uint8Array,
    content: EventContent,
    attempt: Attempt,
  ): Promise<Outcome> {
    const eventId = idOf(secondName(content));
    await takeTurn(attempt.turn, attempt.signal);
    const outcome = await put(id, withEventId(body, eventId), content.eventType, attempt);
    if (outcome !== 'held') return outcome;
    const held = await heldEvents.compare({ ...content, eventId }, attempt.signal, attempt.turn);
    if (held.kind === 'same') return DELIVERED;
    return 'reason' in held ? held : taken(content.eventId, eventId);
  }

  /** held: Hook0 has an event of that id. */
  async function put(
    id: string,
    body: Uint8Array,
    eventType: string,
    { signal, turn }: Attempt,
  ): Promise<Outcome | 'held'> {
    const timesBefore = eventTypes.timesRegistered(eventType);
    let answer = await post(id, body, signal);
    if (registerEventTypes && problemId(answer) === 'EventTypeDoesNotExist') {
      const missing = await eventTypes.register(eventType, timesBefore, signal, turn);
      if (missing !== null) return missing;
      await takeTurn(turn, signal);
      answer = await post(id, body, signal);
    }
    if (isHeld(answer)) return 'held';
    const outcome = hook0Outcome(answer, clock.now(), isIngested);
    if (outcome.kind !== 'unavailable' || problemId(answer) !== 'InternalServerError') {
      return outcome;
    }
    return serverErrors.failed(id)
      ? { ...outcome, kind: 'rejected' }
      : { ...outcome, perhapsTheEvent: true };
  }

  async function post(id: string, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    const wasTried = unanswered.has(id);
    unanswered.add(id);
    const answer = await api.post('/event', body, signal);
    const saysWhere = isHeld(answer) ? !wasTried : answer.status < 500 && !saysNothing(answer);
    if (saysWhere) unanswered.delete(id);
    return answer;
  }

  return {
    async send(delivery, signal, _traceparent, turn = always) {
      try {
        const outcome = await ingest(delivery, { signal, turn });
        if (outcome.kind === 'delivered') {
          serverErrors.accepted(delivery.id);
          unanswered.delete(delivery.id);
        }
        return outcome;
      } catch (error) {
        const reason =
          error instanceof NoAnswerError ? error.message : `request failed (${String(error)})`;
        return { kind: 'unavailable', reason, retryAfterMs: null, answer: null };
      }
    },
    close: () => client.close(),
  };
}

/**
 * Of what makes the event this one, so that it is the same at every attempt, and another one for what
 * comes under the same first id after the database was set back.
 */
function secondName({ eventId, eventType, labels, payload }: EventContent): string {
  return JSON.stringify([eventId, eventType, Object.entries(labels).sort(), payload]);
}

const isHeld = (answer: HttpAnswer): boolean => problemId(answer) === 'EventAlreadyIngested';

function untold({ eventId }: EventContent): Outcome {
  const reason = `Hook0 has an event of the id ${eventId}, and the token may not read events: whether it is this one cannot be told. Give the token the right event:get`;
  return { kind: 'misconfigured', reason, retryAfterMs: null, answer: null };
}

function taken(eventId: string, second: string): Outcome {
  const reason = `Hook0 has other events under the id ${eventId} and under ${second}, which is made for that case`;
  return { kind: 'rejected', reason, answer: null };
}
