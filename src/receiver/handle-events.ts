import { type DedupeStore, once } from './dedupe-store.ts';
import type { WalhookEvent } from './event.ts';
import { LeftBehind, type Ordering } from './left-behind.ts';
import type { BatchOrigin } from './parse.ts';
import { ReceiverError } from './receiver-error.ts';
import type { Verified } from './verify.ts';

/** The request that an event came with. */
export type Handling = Verified & {
  /** Null for an event without a batch around it. */
  readonly origin: BatchOrigin | null;
};

type HandlingOptions = {
  readonly handle: (event: WalhookEvent, handling: Handling) => void | Promise<void>;
  readonly store?: DedupeStore | undefined;
  readonly ordering?: Ordering | undefined;
  readonly onError: (error: unknown, event: WalhookEvent) => void;
};

/**
 * One event after the other, each at most once a store. Resolves to the ids of those that have to be
 * sent again. Rejects with what the store throws: then no event is to blame, and all come again.
 * @throws ReceiverError `busy` at the first event that another request is at: it has not failed, so
 * that naming it would use up its tries, and what comes behind it may have to wait for it
 */
export async function handleEvents(
  events: readonly WalhookEvent[],
  handling: Handling,
  { handle, store = remembersNothing, ordering = 'key', onError }: HandlingOptions,
): Promise<string[]> {
  const leftBehind = new LeftBehind(ordering);
  const failed: string[] = [];

  async function isSettled(event: WalhookEvent): Promise<boolean> {
    try {
      const outcome = await once(store, event.id, async () => {
        try {
          await handle(event, handling);
        } catch (error) {
          throw new HandlerError(error);
        }
      });
      if (outcome === 'busy') throw new ReceiverError('busy', `Another request is at ${event.id}.`);
      return true;
    } catch (error) {
      if (!(error instanceof HandlerError)) throw error;
      onError(error.cause, event);
      return false;
    }
  }

  for (const event of events) {
    if (!leftBehind.holds(event) && (await isSettled(event))) continue;
    failed.push(event.id);
    leftBehind.add(event);
  }
  return failed;
}

/** Tells what the handler threw from what the store did. */
class HandlerError extends Error {
  constructor(cause: unknown) {
    super('the handler failed', { cause });
  }
}

const remembersNothing: DedupeStore = {
  claim: async () => ({ state: 'taken', confirm: nothing, release: nothing }),
};

async function nothing(): Promise<void> {}
