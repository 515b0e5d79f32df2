import { escapeIdentifier, escapeLiteral } from 'pg';
import { formatLsn } from '../pgoutput/lsn.ts';
import type { WindowBounds } from '../drain/window.ts';

export type PeekTarget = {
  readonly slot: string;
  readonly publication: string;
  /** A change's message over this many bytes is not fetched; only its first bytes are. */
  readonly maxMessageBytes: number;
};

/** Enough for the tag and the relation id of a row, or a logical message's flags and prefix. */
const HEAD_BYTES = 64;

/**
 * Rows of (lsn, message, full size where the message was cut). `consume` moves the slot past what it
 * returns; peeking leaves it. Messages are cut on the server: a row that is too large costs the
 * server its memory anyway, but not the client its own.
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION
 */
export function peekStatement(target: PeekTarget, bounds: WindowBounds, consume: boolean): string {
  const read = consume
    ? 'pg_logical_slot_get_binary_changes'
    : 'pg_logical_slot_peek_binary_changes';
  const max = target.maxMessageBytes;
  return `select lsn,
      case when length(data) <= ${max} then data else substring(data for ${HEAD_BYTES}) end,
      case when length(data) <= ${max} then null else length(data) end
    from ${read}(${escapeLiteral(target.slot)}, '${formatLsn(bounds.uptoLsn)}', ${bounds.maxChanges},
      'proto_version', '1', 'publication_names', ${escapeLiteral(escapeIdentifier(target.publication))},
      'messages', 'true')`;
}
