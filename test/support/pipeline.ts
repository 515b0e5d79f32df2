import type { ResolvedConfig, WalhookConfig } from '../../src/config/schema.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { connectToSource, connectToState } from '../../src/runtime/connections.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain, type RunDrainOptions } from '../../src/runtime/run-drain.ts';
import { disconnect } from '../../src/postgres/connection.ts';
import { readIdentity } from '../../src/postgres/server.ts';
import { readSlot } from '../../src/postgres/slot.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

export type TestPipeline = {
  readonly database: TestDatabase;
  readonly config: ResolvedConfig;
  drain(options?: Partial<RunDrainOptions>): Promise<DrainReport>;
  /** The same slot with other options. */
  configured(changes: DeepPartial<WalhookConfig>): Promise<TestPipeline>;
  slotAt(): Promise<string>;
  /** As if every endpoint had answered well so far, and nobody had paused it. */
  forgetFailures(): Promise<void>;
};

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export type PipelineOptions = DeepPartial<WalhookConfig> & {
  readonly endpoints: WalhookConfig['endpoints'];
};

/**
 * A database with a publication for all tables, a slot and state tables, drained to the endpoints.
 * `setUp` runs before the slot exists.
 */
export async function createPipeline(
  options: PipelineOptions,
  setUp = '',
  serverUrl?: string,
  encoding?: string,
): Promise<TestPipeline> {
  const database = await createTestDatabase(serverUrl, encoding);
  if (setUp !== '') await database.query(setUp);
  const slot = database.name;
  await database.query(
    'create publication walhook for all tables with (publish_via_partition_root)',
  );
  await database.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  const given = { ...options, slot, database: { url: database.url } } as WalhookConfig;
  return openPipeline(database, given, true);
}

async function openPipeline(
  database: TestDatabase,
  given: WalhookConfig,
  register: boolean,
): Promise<TestPipeline> {
  const config = await resolve(given);
  if (register) await registerPipeline(config);
  return {
    database,
    config,
    drain: (options = {}) => runDrain({ config, platform: nodePlatform, log: silent, ...options }),
    configured: (changes) => openPipeline(database, merge(given, changes) as WalhookConfig, false),
    async forgetFailures() {
      await database.query(
        `update walhook.endpoints set breaker = 'closed', consecutive_failures = 0,
           down_since = null, next_attempt_at = null, paused_at = null`,
      );
    },
    async slotAt() {
      const [row] = await database.query<{ at: string }>(
        'select confirmed_flush_lsn::text as at from pg_replication_slots where slot_name = $1',
        [config.slot],
      );
      return row!.at;
    },
  };
}

/** What `walhook init` does to the state tables, over a slot that a test made by hand. */
async function registerPipeline(config: ResolvedConfig): Promise<void> {
  const connection = await connectToSource(config);
  const { state, close } = await connectToState(config, connection);
  await state.migrate();
  const slot = await readSlot(connection, config.slot);
  await state.registerPipeline({
    pipeline: config.pipeline,
    slot: config.slot,
    publication: config.publication,
    database: slot!.database!,
    identity: await readIdentity(connection, config.publication),
    announcedLsn: slot!.confirmedLsn!,
  });
  await close();
  await disconnect(connection);
}

async function resolve(given: WalhookConfig): Promise<ResolvedConfig> {
  const { parseConfig } = await import('../../src/config/parse.ts');
  return parseConfig(given, {}).config;
}

function merge(base: unknown, changes: unknown): unknown {
  if (!isObject(base) || !isObject(changes)) return changes;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) merged[key] = merge(merged[key], value);
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function lsnOf(text: string | null): bigint {
  return parseLsn(text ?? '0/0');
}
