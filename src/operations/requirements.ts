import { WalhookError } from '../errors/walhook-error.ts';
import type { RoleFacts, ServerFacts, ServerLimits } from './source-database.ts';

// What a server has to be before anything is set up on it. Each throws WalhookError.

const OLDEST_VERSION = 14;
const FAILOVER_VERSION = 17;

export function majorVersion({ versionNumber }: ServerFacts): number {
  return Math.floor(versionNumber / 10_000);
}

export function requireVersion(server: ServerFacts): void {
  const version = majorVersion(server);
  if (version >= OLDEST_VERSION) return;
  throw new WalhookError(
    'server_too_old',
    `the server is PostgreSQL ${version}; walhook needs ${OLDEST_VERSION} or later`,
    { detail: String(server.versionNumber) },
  );
}

export function requireFailoverSlots(server: ServerFacts): void {
  const version = majorVersion(server);
  if (version >= FAILOVER_VERSION) return;
  throw new WalhookError(
    'server_too_old',
    `--failover needs PostgreSQL ${FAILOVER_VERSION} or later; the server is ${version}`,
    { detail: '--failover' },
  );
}

export function requireLogicalWal({ walLevel }: ServerFacts): void {
  if (walLevel === 'logical') return;
  throw new WalhookError(
    'wal_level_not_logical',
    `wal_level is ${walLevel}; logical decoding needs logical`,
    { detail: 'wal_level' },
  );
}

export function requireReplication(role: RoleFacts): void {
  if (role.mayReplicate) return;
  throw new WalhookError(
    'privilege_missing',
    `the role "${role.name}" has no REPLICATION privilege, which reading a slot needs`,
    {
      detail: role.name,
      remedy: `As an administrator: alter role "${role.name}" replication; (on Amazon RDS: grant rds_replication to "${role.name}";)`,
    },
  );
}

export function requireFreeSlot({ maxSlots, usedSlots }: ServerLimits): void {
  if (usedSlots < maxSlots) return;
  throw new WalhookError(
    'slots_exhausted',
    `all ${maxSlots} replication slots of the server are in use`,
    { detail: 'max_replication_slots' },
  );
}
