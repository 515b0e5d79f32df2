import { randomBytes } from 'node:crypto';
import type { OpenWindow, WindowBounds, WindowReader } from '../drain/window.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, disconnect, query } from './connection.ts';
import { CopyWindow } from './copy-window.ts';
import { sqlState } from './failure.ts';
import { ownSession } from './own-session.ts';
import { peekStatement, type PeekTarget } from './peek-statement.ts';
import { RowsWindow } from './rows-window.ts';
import { Slabs } from './slabs.ts';
import { advanceSlot } from './slot.ts';

export type Transport = 'copy' | 'rows';

/**
 * A reader on a connection of its own, which it ends. It reads ahead from a temporary copy of the
 * slot where it can have one: a free slot, and a session that is not a pooler's. Without one it peeks
 * the slot itself.
 */
export async function openWindowReader(
  connection: Connection,
  target: PeekTarget,
  transport: Transport,
  now: () => number,
): Promise<WindowReader> {
  const copy = ownSession(connection) === null ? null : await copySlot(connection, target.slot);
  const source = { ...target, slot: copy ?? target.slot };
  const slabs = new Slabs();
  return {
    readsAhead: copy !== null,
    position: () => slotPosition(connection, source.slot),
    async skipTo(to) {
      if (copy !== null) await advanceSlot(connection, copy, to);
    },
    open(bounds: WindowBounds): OpenWindow {
      const statement = peekStatement(source, bounds, copy !== null);
      return transport === 'copy'
        ? new CopyWindow(connection, statement, now, slabs)
        : new RowsWindow(connection, statement, now);
    },
    async close() {
      // A read under way ends when its socket does; the copied slot is gone with its session.
      connection.connection.stream.destroy();
      await disconnect(connection);
    },
  };
}

/** The copy's name, or null where the server has no slot to spare. */
export async function copySlot(connection: Connection, slot: string): Promise<string | null> {
  const name = `walhook_ahead_${randomBytes(8).toString('hex')}`;
  try {
    await query(connection, 'select pg_copy_logical_replication_slot($1, $2, true)', [slot, name]);
    return name;
  } catch (error) {
    // configuration_limit_exceeded: no slot free. object_in_use: the slot is being moved just now.
    const state = sqlState(error);
    if (state === '53400' || state === '55006') return null;
    throw error;
  }
}

async function slotPosition(connection: Connection, slot: string): Promise<Lsn> {
  const [row] = await query<{ at: string }>(
    connection,
    'select confirmed_flush_lsn::text as at from pg_replication_slots where slot_name = $1',
    [slot],
  );
  if (row === undefined) {
    throw new WalhookError('slot_missing', `the slot "${slot}" was dropped during the drain`, {
      detail: slot,
    });
  }
  return parseLsn(row.at);
}
