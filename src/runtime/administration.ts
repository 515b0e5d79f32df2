import type { ResolvedEndpoint } from '../config/endpoint-schema.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { ParkingBounds } from '../delivery/parking.ts';
import type { PipelineAccess } from '../operations/pipeline.ts';
import type { SourceDatabase } from '../operations/source-database.ts';
import { type Connection, disconnect } from '../postgres/connection.ts';
import { sqlState } from '../postgres/failure.ts';
import { identityFaults } from '../postgres/identity-faults.ts';
import { openTransactions } from '../postgres/open-transactions.ts';
import { otherSlots, pipelinesElsewhere } from '../postgres/other-pipelines.ts';
import { pendingChanges } from '../postgres/pending-changes.ts';
import {
  addTables,
  createPublication,
  dropPublication,
  readPublication,
  readPublicationOwner,
} from '../postgres/publication.ts';
import {
  findTables,
  newerTables,
  tablesWithJoinedKeys,
  tablesWithoutIdentity,
} from '../postgres/publishable-tables.ts';
import { unlikeLeaves } from '../postgres/unlike-leaves.ts';
import { publishedShapes } from '../postgres/published-shapes.ts';
import { PostgresRelationCatalog } from '../postgres/relation-catalog.ts';
import { readRole, unusableTables } from '../postgres/role.ts';
import { readIdentity, readServer } from '../postgres/server.ts';
import { readLimits } from '../postgres/server-limits.ts';
import { readSession } from '../postgres/session.ts';
import { assertReadable, createSlot, dropSlot, isBeingMade, readSlot } from '../postgres/slot.ts';
import { openTrial } from '../postgres/trial.ts';
import { connectToSource, connectToState } from './connections.ts';
import type { Platform } from './platform.ts';

/**
 * Lends an operation the pipeline's connections for as long as it runs. Throws WalhookError, also
 * where there is no connection to be had.
 */
export async function withPipeline<T>(
  config: ResolvedConfig,
  platform: Pick<Platform, 'clock'>,
  operation: (access: PipelineAccess) => Promise<T>,
): Promise<T> {
  const connection = await connectToSource(config);
  try {
    const { state, close } = await connectToState(config, connection);
    try {
      const database = sourceDatabase(config, connection, platform);
      return await operation({ pipeline: pipelineOf(config), database, state });
    } finally {
      await close();
    }
  } finally {
    await disconnect(connection);
  }
}

export function pipelineOf(config: ResolvedConfig): PipelineAccess['pipeline'] {
  return {
    name: config.pipeline,
    slot: config.slot,
    publication: config.publication,
    stateSchema: config.state.schema,
    stateIsBeside: config.state.url === undefined,
    endpoints: config.endpoints.map(({ name }) => name),
    joinedIds: config.endpoints.filter(joinsIds).map(({ name }) => name),
    stdoutIsFallback: config.stdoutIsFallback === true,
    thresholds: config.alertRules,
    parkingBounds: new Map(
      config.endpoints.flatMap((endpoint) =>
        'maxParkedEvents' in endpoint ? [[endpoint.name, parkingBounds(endpoint)] as const] : [],
      ),
    ),
  };
}

function joinsIds(endpoint: ResolvedEndpoint): boolean {
  if (endpoint.type === 'hook0' || endpoint.format !== 'drasi') return false;
  return endpoint.drasi?.elementId !== 'escaped';
}

function parkingBounds(endpoint: {
  readonly maxParkedEvents: number;
  readonly maxParkedBytes: number;
}): ParkingBounds {
  return { maxEvents: endpoint.maxParkedEvents, maxBytes: endpoint.maxParkedBytes };
}

const DUPLICATE_OBJECT = '42710';

export function sourceDatabase(
  config: ResolvedConfig,
  connection: Connection,
  { clock }: Pick<Platform, 'clock'>,
): SourceDatabase {
  let serverEncoding = '';
  return {
    openCatalog(slot, memory) {
      const catalog = new PostgresRelationCatalog(connection, slot, memory);
      catalog.noteEncoding(serverEncoding);
      return catalog;
    },
    async readServer() {
      const server = await readServer(connection);
      ({ serverEncoding } = server);
      return server;
    },
    readLimits: () => readLimits(connection),
    readIdentity: (publication) => readIdentity(connection, publication),
    readRole: () => readRole(connection),
    readSession: () => readSession(connection),
    openTransactions: (olderThanMs) => openTransactions(connection, olderThanMs),
    readSlot: (name) => readSlot(connection, name),
    isBeingMade,
    assertReadable,
    async createSlot(name, options) {
      try {
        await createSlot(connection, name, options);
        return true;
      } catch (error) {
        if (sqlState(error) === DUPLICATE_OBJECT) return false;
        throw error;
      }
    },
    dropSlot: (name) => dropSlot(connection, name),
    otherSlots: (except) => otherSlots(connection, except),
    pipelinesElsewhere: (exceptSchema) => pipelinesElsewhere(connection, exceptSchema),
    readPublication: (name) => readPublication(connection, name),
    readPublicationOwner: (name) => readPublicationOwner(connection, name),
    createPublication: (name, tables, rehearsed = false) =>
      createPublication(connection, name, tables, rehearsed),
    addTables: (publication, tables, rehearsed = false) =>
      addTables(connection, publication, tables, rehearsed),
    dropPublication: (name) => dropPublication(connection, name),
    findTables: (names) => findTables(connection, names),
    tablesWithoutIdentity: (among, exceptSchema) =>
      tablesWithoutIdentity(connection, among, exceptSchema),
    tablesWithJoinedKeys: (among, exceptSchema) =>
      tablesWithJoinedKeys(connection, among, exceptSchema, config.keys),
    identityFaults: (among, publication, exceptSchema) =>
      identityFaults(connection, { among, publication, exceptSchema }),
    newerTables: (publication, exceptSchema) => newerTables(connection, publication, exceptSchema),
    unlikeLeaves: (publication) => unlikeLeaves(connection, publication),
    publishedShapes: (publication) => publishedShapes(connection, publication),
    unusableTables: (schema) => unusableTables(connection, schema),
    async openPending() {
      const { slot, publication, drain } = config;
      const target = { slot, publication, maxMessageBytes: drain.maxEventBytes };
      return pendingChanges(await connectToSource(config), target, () => clock.now());
    },
    async openTrial(from) {
      const { slot, publication, drain } = config;
      const target = { slot, publication, maxMessageBytes: drain.maxEventBytes };
      return openTrial(await connectToSource(config), target, from);
    },
  };
}
