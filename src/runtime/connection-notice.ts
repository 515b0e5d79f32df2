import type { DrainLog } from '../drain/ports.ts';
import { connectionStatus } from '../operations/connection-status.ts';
import type { Connection } from '../postgres/connection.ts';
import { connectionSecurity } from '../postgres/connection-security.ts';
import { ownSession } from '../postgres/own-session.ts';

/** Logs how a drain is connected, the first time that it is. */
export function connectionNotice(log: DrainLog): (connection: Connection) => void {
  let isSaid = false;
  return (connection) => {
    if (isSaid) return;
    isSaid = true;
    const pooled = ownSession(connection) === null;
    const fields = connectionStatus({ ...connectionSecurity(connection), pooled });
    if (fields.encrypted) log.info('connected to the database', fields);
    else if (fields.local) log.debug('connected to the database', fields);
    else log.warn('connected to the database, not encrypted', fields);
  };
}
