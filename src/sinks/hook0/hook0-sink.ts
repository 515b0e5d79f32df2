import type { Clock } from '../../clock/clock.ts';
import type { Delivery, Outcome, Sink, Turn } from '../../delivery/sink.ts';
import { type HttpClient, NoAnswerError } from '../http/http-client.ts';
import { hook0Api, type Hook0ApiOptions } from './api.ts';
import { isIngested } from './confirmation.ts';
import { limitFault, readEventBody } from './event-body.ts';
import { EventTypes } from './event-types.ts';
import { hook0Outcome, problemId } from './problem.ts';
import { takeTurn } from './take-turn.ts';
import { ServerErrors } from './server-errors.ts';

const always: Turn = () => Promise.resolve(true);

export type Hook0SinkOptions = Hook0ApiOptions & {
  readonly applicationId: string;
  /** Whether event types that the application lacks are registered. */
  readonly registerEventTypes: boolean;
  /** Tries of one event within a drain. */
  readonly attempts: number;
};

/**
 * Ingests events into Hook0, one a request. An event that is there already, from an attempt whose
 * answer was lost, is delivered: its id is the same at every attempt.
 */
export function hook0Sink(options: Hook0SinkOptions, client: HttpClient, clock: Clock): Sink {
  const api = hook0Api(options, client);
  const eventTypes = new EventTypes(api, options.applicationId, clock);
  const serverErrors = new ServerErrors(options.attempts, clock);

  async function ingest({ body, id }: Delivery, signal: AbortSignal, turn: Turn): Promise<Outcome> {
    const event = readEventBody(body);
    const fault = limitFault(event);
    if (fault !== null) return { kind: 'rejected', reason: fault, answer: null };
    const { eventType } = event;
    if (options.registerEventTypes) {
      const missing = await eventTypes.ensure(eventType, signal, turn);
      if (missing !== null) return missing;
    }
    let answer = await api.post('/event', body, signal);
    if (options.registerEventTypes && problemId(answer) === 'EventTypeDoesNotExist') {
      const missing = await eventTypes.register(eventType, signal, turn);
      if (missing !== null) return missing;
      await takeTurn(turn, signal);
      answer = await api.post('/event', body, signal);
    }
    const outcome = hook0Outcome(answer, clock.now(), isIngested);
    if (outcome.kind === 'delivered') serverErrors.accepted(id);
    if (outcome.kind !== 'unavailable' || problemId(answer) !== 'InternalServerError') {
      return outcome;
    }
    return serverErrors.failed(id)
      ? { ...outcome, kind: 'rejected' }
      : { ...outcome, perhapsTheEvent: true };
  }

  return {
    async send(delivery, signal, _traceparent, turn = always) {
      try {
        return await ingest(delivery, signal, turn);
      } catch (error) {
        const reason =
          error instanceof NoAnswerError ? error.message : `request failed (${String(error)})`;
        return { kind: 'unavailable', reason, retryAfterMs: null, answer: null };
      }
    },
    close: () => client.close(),
  };
}
