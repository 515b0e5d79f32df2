import { comparePositions, type Position } from '../changes/position.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { SourceState } from './ports.ts';
import type { Checkpoint, PipelineRecord } from './state-store.ts';

/**
 * A slot is known by more than its name. Throws cluster_changed where the server is another one, or
 * on another timeline, than the one that was drained so far; slot_replaced where the slot stands
 * beyond anything walhook announced, so that somebody else moved it, or dropped it and made it again;
 * publication_replaced where what it reads by is not what it was.
 */
export function assertSameSlot(
  record: PipelineRecord,
  source: SourceState,
  checkpoints: readonly Checkpoint[],
): void {
  const { identity, announcedLsn, slot } = record;
  const now = source.identity;
  if (slot !== source.slot) throw anotherSlot(record, source.slot);
  if (differ(identity.systemIdentifier, now.systemIdentifier)) {
    throw new WalhookError(
      'cluster_changed',
      `this is another cluster (system identifier ${now.systemIdentifier}) than the one drained so far (${identity.systemIdentifier})`,
      { detail: slot },
    );
  }
  if (differ(identity.timeline, now.timeline)) {
    throw new WalhookError(
      'cluster_changed',
      `the server is on timeline ${now.timeline}, the drain so far was on ${identity.timeline}: ` +
        `after a failover or a restore, changes since ${formatLsn(announcedLsn)} may be missing`,
      { detail: slot },
    );
  }
  if (differ(identity.publicationOid, now.publicationOid)) {
    throw new WalhookError(
      'publication_replaced',
      `the publication "${record.publication}" is not the one drained so far: it was dropped and created again, ` +
        `or another one is named; changes since ${formatLsn(announcedLsn)} may be missing`,
      { detail: record.publication },
    );
  }
  if (source.slotAt > announcedLsn) {
    throw new WalhookError(
      'slot_replaced',
      `the slot "${slot}" stands at ${formatLsn(source.slotAt)}, but walhook left it at ${formatLsn(announcedLsn)}: ` +
        `it was moved by somebody else, or dropped and created again; ` +
        `the changes from ${formatLsn(announcedLsn)} to ${formatLsn(source.slotAt)} are missing`,
      { detail: slot },
    );
  }
  const end: Position = { commitLsn: source.flushedLsn, seq: Number.MAX_SAFE_INTEGER };
  const ahead = checkpoints.find((checkpoint) => comparePositions(checkpoint.settled, end) > 0);
  if (ahead !== undefined) {
    const { endpoint, settled } = ahead;
    const reached = `the endpoint "${endpoint}" has confirmed events up to ${formatLsn(settled.commitLsn)}`;
    throw setBack(reached, settled.commitLsn, source);
  }
  // The slot was moved over what no endpoint wants, too.
  if (announcedLsn > source.flushedLsn) {
    throw setBack(`walhook left the slot at ${formatLsn(announcedLsn)}`, announcedLsn, source);
  }
}

/** How far drains have come: the WAL of the same server reaches as far. */
export function furthest(record: PipelineRecord, checkpoints: readonly Checkpoint[]): Lsn {
  const lsns = checkpoints.map(({ settled }) => settled.commitLsn);
  return lsns.reduce((most, lsn) => (lsn > most ? lsn : most), record.announcedLsn);
}

/** Its WAL goes over positions again that other events had: so do their ids. */
function setBack(reached: string, past: Lsn, { flushedLsn, slot }: SourceState): WalhookError {
  return new WalhookError(
    'cluster_changed',
    `${reached}, but this server's WAL ends at ${formatLsn(flushedLsn)}: it was restored from an older state`,
    {
      detail: slot,
      remedy: `Correct the database URL if it leads to the wrong server. If this one is to go on, move its WAL past ${formatLsn(past)} before it is written to, so that no id comes twice (docs/operations.md, Failover), and run walhook init --adopt.`,
    },
  );
}

/** Draining it would move a slot that is perhaps somebody else's. */
export function anotherSlot(record: PipelineRecord, slot: string): WalhookError {
  return new WalhookError(
    'slot_replaced',
    `the pipeline "${record.pipeline}" is drained from the slot "${record.slot}", not from "${slot}": ` +
      `what that one holds since ${formatLsn(record.announcedLsn)} would be missing`,
    {
      detail: slot,
      remedy: `Correct the slot's name, give this one a pipeline of its own, or run walhook init --adopt to go on from "${slot}".`,
    },
  );
}

/** What the server does not tell cannot differ. */
function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b;
}
