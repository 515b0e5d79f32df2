import { type EndpointHealth, permission } from './circuit-breaker.ts';

/**
 * What an endpoint does with its events while one round of a drain is read:
 *
 *     sending     to the endpoint, through its lanes
 *     replaying   what is parked goes to the endpoint; what is read is parked behind it, until all
 *                 that is parked is on its way, and from then on sent
 *     parking     what is read is parked; nothing is sent
 *     held        nothing is taken: the slot waits
 *
 * A round begins in one of these; sending and replaying may end in a hold.
 */
export type EndpointMode =
  | { readonly kind: 'sending' | 'replaying' }
  | { readonly kind: 'parking' | 'held'; readonly because: string };

export type UnavailablePolicy = {
  readonly onUnavailable: 'hold' | 'park';
  readonly parkAfterMs: number;
  readonly parkAfterBytes: number;
};

export type EndpointSituation = {
  readonly health: EndpointHealth;
  readonly pause: { readonly reason: string; readonly parks: boolean } | null;
  /** It was put on hold in this drain: however short the wait, the next attempt is a later drain's. */
  readonly wasHeld: boolean;
  readonly parkedEvents: number;
  /** WAL that the slot keeps because of this endpoint alone. */
  readonly heldBackBytes: number;
};

export function modeOf(
  policy: UnavailablePolicy,
  situation: EndpointSituation,
  now: number,
): EndpointMode {
  const { health, pause, wasHeld, parkedEvents } = situation;
  if (pause !== null) {
    return { kind: pause.parks ? 'parking' : 'held', because: `paused: ${pause.reason}` };
  }
  const parks = shouldPark(policy, situation, now);
  if (wasHeld || permission(health, now) === 'none') {
    const because = waitsFor(health);
    const mayPark = policy.onUnavailable === 'park' && parkedEvents > 0;
    return { kind: parks || mayPark ? 'parking' : 'held', because };
  }
  // What is parked goes first. One that is up, but slower than the others by far, gets its events
  // through the tables too.
  const behind = parks && health.downSince === null;
  return { kind: parkedEvents > 0 || behind ? 'replaying' : 'sending' };
}

/** Whether what an endpoint cannot take now goes into the tables, rather than keep the slot. */
function shouldPark(
  { onUnavailable, parkAfterMs, parkAfterBytes }: UnavailablePolicy,
  { health, heldBackBytes, pause }: EndpointSituation,
  now: number,
): boolean {
  if (pause !== null) return pause.parks;
  if (onUnavailable === 'hold') return false;
  const downForMs = health.downSince === null ? -1 : now - health.downSince;
  return downForMs >= parkAfterMs || heldBackBytes > parkAfterBytes;
}

function waitsFor({ nextAttemptAt, consecutiveFailures }: EndpointHealth): string {
  const when = nextAttemptAt === null ? 'the next drain' : new Date(nextAttemptAt).toISOString();
  const why =
    consecutiveFailures === 0 ? 'as it asked' : `after ${consecutiveFailures} failed in a row`;
  return `no attempt before ${when}, ${why}`;
}
