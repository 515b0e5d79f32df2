import type { OpenWindow, WindowBounds } from '../drain/window.ts';
import { type Connection, disconnect } from './connection.ts';
import { CopyWindow } from './copy-window.ts';
import { peekStatement, type PeekTarget } from './peek-statement.ts';

export type PendingChanges = {
  open(bounds: WindowBounds): OpenWindow;
  /** Ends a read that is under way too. */
  close(): Promise<void>;
};

/**
 * What waits in the slot, which is left as it is: nothing is consumed, and no copy of it is made.
 * On a connection of its own, which it ends: the catalog is asked while a window streams.
 */
export function pendingChanges(
  connection: Connection,
  target: PeekTarget,
  now: () => number,
): PendingChanges {
  return {
    open: (bounds) => new CopyWindow(connection, peekStatement(target, bounds, false), now),
    async close() {
      connection.connection.stream.destroy();
      await disconnect(connection);
    },
  };
}
