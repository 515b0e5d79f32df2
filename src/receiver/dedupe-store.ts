/**
 * Remembers which events were handled. One store serves the events of one database cluster: ids of
 * two clusters may be equal.
 */
export interface DedupeStore {
  /**
   * Takes an id, so that of several callers at once only one gets it. The store has to give a claim
   * up by itself some time after its holder crashed: the event then comes again, and is not lost.
   */
  claim(id: string): Promise<Claim>;
}

/**
 * - taken: handle the event, and confirm; or release, if it was not handled
 * - done: it was confirmed before
 * - busy: another caller has it, and may yet fail
 */
export type Claim =
  | {
      readonly state: 'taken';
      /** Resolves once no later claim of this id is taken. */
      confirm(): Promise<void>;
      /** Lets the id be claimed again. Does nothing where the claim is no longer this caller's. */
      release(): Promise<void>;
    }
  | { readonly state: 'done' }
  | { readonly state: 'busy' };

/**
 * Runs the effect unless the id is confirmed or claimed, and confirms it afterwards. A crash in
 * between repeats the effect; only a store that commits in the effect's own transaction avoids that.
 * Rejects with what the effect or the store throws; the id can be claimed again then.
 */
export async function once(
  store: DedupeStore,
  id: string,
  effect: () => void | Promise<void>,
): Promise<'handled' | 'done' | 'busy'> {
  const claim = await store.claim(id);
  if (claim.state !== 'taken') return claim.state;
  try {
    await effect();
  } catch (error) {
    // A claim that cannot be released ends by itself; what the effect threw is what matters.
    await claim.release().catch(() => undefined);
    throw error;
  }
  await claim.confirm();
  return 'handled';
}
