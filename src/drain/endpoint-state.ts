import type { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import type { EndpointState } from './state-store.ts';

/**
 * What an endpoint does with its events now, for a person to see; `reason` may hold secrets. One that
 * is sent what is parked for it is active: it takes its events, and is catching up.
 */
export function stateOf({ outlet }: EndpointDispatch): {
  readonly state: EndpointState;
  readonly reason: string | null;
} {
  if (outlet.heldBecause !== null) return { state: 'held', reason: outlet.heldBecause };
  const { parkingBecause } = outlet;
  if (parkingBecause !== null) return { state: 'parking', reason: parkingBecause };
  return { state: 'active', reason: null };
}
