import { ERRORS } from '../../errors/catalogue.ts';
import { describeMs } from '../../quantities/describe.ts';
import { connectionStatus, describeEncryption, encryptionTrouble } from '../connection-status.ts';
import { describeTransaction } from '../describe.ts';
import {
  majorVersion,
  requireLogicalWal,
  requireReplication,
  requireVersion,
} from '../requirements.ts';
import { type Check, failed, ok, warning } from './check.ts';

const LONG_TRANSACTION_MS = 5 * 60_000;
const CLOCK_SKEW_MS = 5_000;

export const serverChecks: readonly Check[] = [
  {
    name: 'server version',
    async look({ database, pipeline }) {
      const server = await database.readServer();
      requireVersion(server);
      const standby = server.inRecovery ? ', a standby' : '';
      const found = `PostgreSQL ${majorVersion(server)}${standby}, database "${server.database}"`;
      if (!server.inRecovery || !pipeline.stateIsBeside) return ok(found);
      return failed(`${found}, takes no writes`, ERRORS.database_read_only.remedy);
    },
  },
  {
    name: 'wal_level',
    async look({ database }) {
      requireLogicalWal(await database.readServer());
      return ok('logical');
    },
  },
  {
    name: 'role',
    async look({ database }) {
      const role = await database.readRole();
      requireReplication(role);
      return ok(`"${role.name}" may read replication slots`);
    },
  },
  {
    name: 'replication slots',
    async look({ database, pipeline }) {
      const { maxSlots, usedSlots } = await database.readLimits();
      const found = `${usedSlots} of ${maxSlots} in use`;
      if (usedSlots < maxSlots) return ok(found);
      return (await database.readSlot(pipeline.slot)) === null
        ? failed(found, 'Raise max_replication_slots or drop a slot that nobody uses.')
        : warning(
            `${found}: without a spare one a drain cannot read ahead, and is slower`,
            'Raise max_replication_slots.',
          );
    },
  },
  {
    name: 'max_wal_senders',
    async look({ database }) {
      const { maxWalSenders } = await database.readLimits();
      return ok(`${maxWalSenders}; walhook needs none: it reads by plain SQL`);
    },
  },
  {
    name: 'encryption',
    async look({ database }) {
      const connection = connectionStatus(await database.readSession());
      const found = describeEncryption(connection);
      const trouble = encryptionTrouble(connection);
      return trouble === null ? ok(found) : warning(found, trouble);
    },
  },
  {
    name: 'connection',
    async look({ database }) {
      const { pooled } = await database.readSession();
      if (!pooled) return ok('straight to the server');
      return warning(
        'through a pooler: no session of the server is its own',
        'It works, but a drain cannot read ahead, and the lease of one that died waits for its expiry. Name the server itself in the database URL, if you can.',
      );
    },
  },
  {
    name: 'server_encoding',
    async look({ database }) {
      const { serverEncoding } = await database.readServer();
      if (serverEncoding !== 'SQL_ASCII') return ok(serverEncoding);
      return warning(
        'SQL_ASCII: the server does not know what its bytes mean',
        'Values that are not UTF-8 arrive as {"base64":"…"}, and names of tables and columns have to be UTF-8. Move to a database with an encoding.',
      );
    },
  },
  {
    name: 'clock',
    async look({ database, now }) {
      const before = now();
      const { serverTimeMs } = await database.readSession();
      const skewMs = Math.abs(serverTimeMs - (before + now()) / 2);
      if (skewMs <= CLOCK_SKEW_MS) return ok(`${describeMs(skewMs)} from the server's`);
      return warning(
        `${describeMs(skewMs)} from the server's`,
        'Set both clocks (NTP): receivers refuse signatures whose time is far off.',
      );
    },
  },
  {
    name: 'open transactions',
    async look({ database }) {
      const open = await database.openTransactions(LONG_TRANSACTION_MS);
      if (open.length === 0) return ok(`none older than ${describeMs(LONG_TRANSACTION_MS)}`);
      return warning(
        open.map(describeTransaction).join('; '),
        'End them: until then the server keeps all WAL since they began, and each drain decodes it again.',
      );
    },
  },
];
