import { escapeIdentifier } from 'pg';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';
import { IS_ROW, isOfSchema, KIND } from './message-sql.ts';

export type PendingQuestion = {
  readonly slot: string;
  readonly publication: string;
  /** What was committed up to here is known already. */
  readonly after: Lsn;
  readonly upTo: Lsn;
  /** Whose changes count as nothing: walhook's own tables; null for none. */
  readonly stateSchema: string | null;
};

/** WAL beyond which looking costs as much as reading. */
const SMALL_BYTES = 4 << 20;

/**
 * True where the slot holds nothing for anybody that was committed between two LSNs; a cheap look for
 * whoever asks again and again. False where there is too much WAL to know without reading it: all that
 * a transaction wrote lies behind restart_lsn, so what is decoded here is bounded by the WAL from there.
 */
export async function nothingPending(
  connection: Connection,
  { slot, publication, after, upTo, stateSchema }: PendingQuestion,
): Promise<boolean> {
  const [row] = await query<{ nothing: boolean }>(
    connection,
    `select case when $2::pg_lsn - s.restart_lsn > ${SMALL_BYTES} then false else not exists (
       with change as materialized (
         select * from pg_logical_slot_peek_binary_changes($1, $2::pg_lsn, null,
           'proto_version', '1', 'publication_names', $3, 'messages', 'true'))
       select from change
       where (${IS_ROW} or ${KIND} in (ascii('T'), ascii('M')))
         and not (${IS_ROW} and ${isOfSchema('$4')})
         and (${KIND} = ascii('M') and change.lsn > $5::pg_lsn
           or change.xid in (
             select xid from change where ${KIND} = ascii('C') and change.lsn > $5::pg_lsn))
     ) end as nothing
     from pg_replication_slots s where s.slot_name = $1`,
    [slot, formatLsn(upTo), escapeIdentifier(publication), stateSchema, formatLsn(after)],
  );
  return row?.nothing ?? false;
}
