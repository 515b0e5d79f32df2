import type { DeadLetter, StateStore } from '../drain/state-store.ts';

type Told = Pick<DeadLetter, 'detail' | 'answer'>;

/**
 * The same store, which keeps no secret that somebody else said: an endpoint that repeats what it was
 * sent, or a person who gives a reason. Events are kept as they are. What a drain saves of itself comes
 * without secrets, as it is reported, too.
 */
export function withoutSecrets(store: StateStore, redact: (text: string) => string): StateStore {
  const redacted = <T extends Told>(told: T): T => ({
    ...told,
    detail: redact(told.detail),
    answer: told.answer && { ...told.answer, body: redact(told.answer.body) },
  });
  return {
    ...store,
    addDeadLetters: (lease, letters) => store.addDeadLetters(lease, letters.map(redacted)),
    redriveDeadLetter: (pipeline, id, send) =>
      store.redriveDeadLetter(pipeline, id, async (letter) => {
        const outcome = await send(letter);
        return outcome.kind === 'delivered' ? outcome : redacted(outcome);
      }),
    recordSkip: (lease, skip) =>
      store.recordSkip(lease, {
        ...skip,
        error: redact(skip.error),
        reason: redact(skip.reason),
        requestedBy: redact(skip.requestedBy),
      }),
    pauseEndpoint: (pipeline, endpoint, pause) =>
      store.pauseEndpoint(pipeline, endpoint, { ...pause, reason: redact(pause.reason) }),
  };
}
