import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Trial, TrialFailure } from '../drain/ports.ts';
import { type FoundTransaction, mayBeUnreadable } from '../drain/unreadable.ts';
import { formatLsn, type Lsn, parseLsn, toLsn } from '../pgoutput/lsn.ts';
import { type Connection, disconnect, query } from './connection.ts';
import { commitRecordAt } from './commit-record.ts';
import { IS_ROW, KIND, RELATION_ID } from './message-sql.ts';
import { ownSession } from './own-session.ts';
import { peekStatement, type PeekTarget } from './peek-statement.ts';
import { advanceSlot } from './slot.ts';
import { copySlot } from './window-reader.ts';
import { beginWindow, endWindow } from './window-sql.ts';

const ALL_CHANGES = 2 ** 31 - 1;
/** Tables that are named of a transaction, at the most. */
const NAMED_TABLES = 10;

/**
 * Reads whose result stays on the server, from a copy of the slot where it can have one: the slot may
 * stand far behind `from`. A read that fails takes the session's temporary slots with it.
 */
export function openTrial(connection: Connection, target: PeekTarget, from: Lsn): Trial {
  const hasOwn = ownSession(connection) !== null;
  let copy: string | null = null;

  async function slot(): Promise<string> {
    if (copy !== null || !hasOwn) return copy ?? target.slot;
    const made = await copySlot(connection, target.slot);
    if (made !== null) await advanceSlot(connection, made, from);
    copy = made;
    return made ?? target.slot;
  }

  async function inWindow<T>(read: () => Promise<T>): Promise<T> {
    await beginWindow(connection);
    try {
      const result = await read();
      await endWindow(connection);
      return result;
    } catch (error) {
      copy = null;
      await query(connection, 'rollback');
      throw error;
    }
  }

  return {
    async read(uptoLsn): Promise<TrialFailure | null> {
      const peek = peekStatement(
        { ...target, slot: await slot() },
        { uptoLsn, maxChanges: ALL_CHANGES },
        false,
      );
      try {
        await inWindow(() => query(connection, `select count(*) from (${peek}) as change`));
        return null;
      } catch (error) {
        if (!mayBeUnreadable(error)) throw error;
        return { error, changeLsn: changeLsnOf(error) };
      }
    },

    async describe(readableTo, changeLsn): Promise<FoundTransaction> {
      const commitLsn = await commitRecordAt(connection, readableTo);
      const place = { readableTo, commitLsn, changeLsn };
      const name = `walhook_look_${randomBytes(8).toString('hex')}`;
      for (const look of hasOwn ? [lookByTestDecoding, lookAtBinaryForm] : []) {
        try {
          const seen = await inWindow(() => look(connection, target, name, place));
          if (seen !== null) return { ...place, ...seen };
        } catch {
          // The server may lack the plugin, or be unable to output the transaction by it either.
        }
      }
      return { ...place, beginLsn: null, xid: null, tables: [] };
    },

    async close() {
      // A read under way ends when its socket does.
      connection.connection.stream.destroy();
      await disconnect(connection);
    },
  };
}

/**
 * The last LSN of the context that the server gives to an error in an output plugin's callback: that
 * of the change. The words around it may be of any language.
 */
function changeLsnOf({ cause }: Error): Lsn | null {
  const where = cause instanceof Error && 'where' in cause ? String(cause.where) : '';
  const lsn = where.match(/\b[0-9A-F]{1,8}\/[0-9A-F]{1,8}\b/g)?.at(-1);
  return lsn === undefined ? null : parseLsn(lsn);
}

type Place = Pick<FoundTransaction, 'readableTo' | 'commitLsn' | 'changeLsn'>;
type Seen = Pick<FoundTransaction, 'beginLsn' | 'xid' | 'tables'>;
type SeenRow = { begin_lsn: string; xid: string; tables: string[] | null };
type Look = (
  connection: Connection,
  target: PeekTarget,
  name: string,
  place: Place,
) => Promise<Seen | null>;

/** The plugin of Postgres' own tests is told of no publication, so no row filter can fail it. */
const lookByTestDecoding: Look = async (connection, { slot }, name, place) => {
  await copyForLook(connection, slot, name, 'test_decoding', place.readableTo);
  const rows = await query<SeenRow>(
    connection,
    `with change as materialized (
       select lsn, xid, row_number() over () as place,
              substring(data from '^table (.*?): (?:INSERT|UPDATE|DELETE|TRUNCATE)') as tables
       from pg_logical_slot_peek_changes($1, $2::pg_lsn, null, 'skip-empty-xacts', '0')
     ), own as (select * from change where xid = (select xid from change order by place desc limit 1))
     select (select lsn::text from own order by place limit 1) as begin_lsn,
            (select xid::text from own limit 1) as xid, ${TABLES} as tables`,
    [name, beyond(place), lsnText(place.changeLsn)],
  );
  return seenIn(rows);
};

/** Values in their binary form may be what the server can output where their text is too long. */
const lookAtBinaryForm: Look = async (connection, { slot, publication }, name, place) => {
  await copyForLook(connection, slot, name, 'pgoutput', place.readableTo);
  const rows = await query<SeenRow>(
    connection,
    `with change as materialized (
       select lsn, xid, place, case when ${IS_ROW} then (
           select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.oid::bigint = ${RELATION_ID}) end as tables
       from (
         select lsn, xid, row_number() over () as place, substring(data for 5) as data
         from pg_logical_slot_peek_binary_changes($1, $2::pg_lsn, null,
           'proto_version', '1', 'publication_names', $4, 'binary', 'true')
       ) as change where ${KIND} is not null
     ), own as (select * from change where xid = (select xid from change order by place desc limit 1))
     select (select lsn::text from own order by place limit 1) as begin_lsn,
            (select xid::text from own limit 1) as xid, ${TABLES} as tables`,
    [name, beyond(place), lsnText(place.changeLsn), escapeIdentifier(publication)],
  );
  return seenIn(rows);
};

/** That of the change in question, or else of all of them. */
const TABLES = `(
  select (array_agg(distinct tables))[1:${NAMED_TABLES}] from own
  where tables is not null
    and (lsn = $3::pg_lsn or not exists (select from own where lsn = $3::pg_lsn and tables is not null)))`;

async function copyForLook(
  connection: Connection,
  slot: string,
  name: string,
  plugin: string,
  to: Lsn,
): Promise<void> {
  await query(connection, 'select pg_copy_logical_replication_slot($1, $2, true, $3)', [
    slot,
    name,
    plugin,
  ]);
  const [at, before] = [escapeLiteral(formatLsn(to)), escapeLiteral(name)];
  await query(
    connection,
    `select pg_replication_slot_advance(slot_name, ${at}::pg_lsn) from pg_replication_slots
     where slot_name = ${before} and confirmed_flush_lsn < ${at}::pg_lsn`,
  );
}

/** Just far enough for the commit record to be read. */
function beyond({ readableTo }: Place): string {
  return formatLsn(toLsn(readableTo + 1n));
}

function lsnText(lsn: Lsn | null): string | null {
  return lsn === null ? null : formatLsn(lsn);
}

function seenIn([row]: readonly SeenRow[]): Seen | null {
  if (row === undefined || row.xid === null) return null;
  return { beginLsn: parseLsn(row.begin_lsn), xid: Number(row.xid), tables: row.tables ?? [] };
}
