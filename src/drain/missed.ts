import { comparePositions, type Position, positionBefore } from '../changes/position.ts';
import { type Lsn, maxLsn } from '../pgoutput/lsn.ts';
import type { EndpointRecord } from './state-store.ts';

/** What an endpoint will never get: it was not configured when the slot passed it. */
export type MissedRange = { readonly from: Lsn; readonly to: Lsn };

/**
 * Which endpoints miss something when the slot moves on from `slotAt`: whoever is not configured,
 * where somebody who is has settled an event that it has not. WAL that concerns nobody is no loss.
 * `watermarks`: of the configured ones.
 */
export function whoMisses(
  absent: readonly EndpointRecord[],
  watermarks: readonly Position[],
  slotAt: Lsn,
): string[] {
  const atSlot = positionBefore(slotAt);
  const missed = (record: EndpointRecord): boolean =>
    watermarks.some(
      (watermark) =>
        watermark.seq >= 0 &&
        comparePositions(watermark, atSlot) > 0 &&
        comparePositions(watermark, record.settled) > 0,
    );
  return absent.filter(missed).map(({ endpoint }) => endpoint);
}

/** What it missed by now, where the slot stands; null: nothing. */
export function missedBy(
  { missedFrom, settled }: Pick<EndpointRecord, 'missedFrom' | 'settled'>,
  slotAt: Lsn,
): MissedRange | null {
  if (missedFrom === null) return null;
  const from = maxLsn(missedFrom, settled.commitLsn);
  return from < slotAt ? { from, to: slotAt } : null;
}
