import { comparePositions, type Position } from '../changes/position.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import type { SourceState } from './ports.ts';
import type { Checkpoint, PipelineRecord } from './state-store.ts';

/**
 * A slot is known by more than its name. Throws cluster_changed where the server is another one, or
 * on another timeline, than the one that was drained so far; slot_replaced where the slot stands
 * beyond anything walhook announced, so that somebody else moved it, or dropped it and made it again.
 */
export function assertSameSlot(
  record: PipelineRecord,
  source: SourceState,
  checkpoints: readonly Checkpoint[],
): void {
  const { identity, announcedLsn, slot } = record;
  const now = source.identity;
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
    throw new WalhookError(
      'cluster_changed',
      `the endpoint "${ahead.endpoint}" has confirmed events up to ${formatLsn(ahead.settled.commitLsn)}, ` +
        `but this server's WAL ends at ${formatLsn(source.flushedLsn)}: it was restored from an older state`,
      { detail: slot },
    );
  }
}

/** What the server does not tell cannot differ. */
function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b;
}
