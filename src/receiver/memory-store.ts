import type { Claim, DedupeStore } from './dedupe-store.ts';

export type MemoryStoreOptions = {
  /** Confirmed ids that are kept at the most; the oldest are forgotten first. Default: 100,000. */
  readonly maxIds?: number | undefined;
  /** How long a confirmed id is kept. Default: a day. */
  readonly ttlMs?: number | undefined;
  /** After so long without confirmation a claim may be taken by another. Default: 5 minutes. */
  readonly claimMs?: number | undefined;
  /** Milliseconds since the Unix epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
};

const DAY_MS = 86_400_000;

/** For one process, and for as long as it lives: what comes again after a restart is handled again. */
export function createMemoryStore(options: MemoryStoreOptions = {}): DedupeStore {
  const { maxIds = 100_000, ttlMs = DAY_MS, claimMs = 300_000, now = Date.now } = options;
  /** Both in the order in which they end. */
  const done = new Map<string, { readonly endsAt: number }>();
  const claims = new Map<string, { readonly endsAt: number }>();

  function take(id: string): Claim {
    forgetEnded(done, now());
    forgetEnded(claims, now());
    if (done.has(id)) return { state: 'done' };
    if (claims.has(id)) return { state: 'busy' };
    const mine = { endsAt: now() + claimMs };
    claims.set(id, mine);
    const release = (): void => {
      if (claims.get(id) === mine) claims.delete(id);
    };
    const confirm = (): void => {
      release();
      // Last in the order, also where a claim that ran out was confirmed by two.
      done.delete(id);
      done.set(id, { endsAt: now() + ttlMs });
      for (const oldest of done.keys()) {
        if (done.size <= maxIds) break;
        done.delete(oldest);
      }
    };
    return {
      state: 'taken',
      confirm: async () => confirm(),
      release: async () => release(),
    };
  }

  return { claim: async (id) => take(id) };
}

function forgetEnded(ids: Map<string, { readonly endsAt: number }>, nowMs: number): void {
  for (const [id, { endsAt }] of ids) {
    if (endsAt > nowMs) return;
    ids.delete(id);
  }
}
