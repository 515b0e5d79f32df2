import type { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import type { EndpointState } from './state-store.ts';

/** What an endpoint does with its events now, for a person to see; `reason` may hold secrets. */
export function stateOf({ outlet }: EndpointDispatch): {
  readonly state: EndpointState;
  readonly reason: string | null;
} {
  if (outlet.heldBecause !== null) return { state: 'held', reason: outlet.heldBecause };
  if (outlet.isParking) return { state: 'parking', reason: outlet.parkingBecause };
  return { state: 'active', reason: null };
}
