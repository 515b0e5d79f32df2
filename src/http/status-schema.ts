import { z } from 'zod';
import type { ConditionStatus } from '../health/views/status.ts';
import type { ConnectionStatus } from '../operations/connection-status.ts';
import type {
  EndpointStatus,
  RunStatus,
  SlotStatus,
  Status,
} from '../operations/pipeline-status.ts';
import { answerSchemas } from './answer-schemas.ts';

const instant = z.iso.datetime();

export const endpointStatusSchema = z
  .strictObject({
    name: z.string(),
    state: z.enum(['active', 'held', 'parking', 'paused', 'new', 'removed']),
    reason: z.string().nullable().describe('Why it is held, or parking.'),
    breaker: z.enum(['closed', 'open']),
    consecutive_failures: z.int(),
    down_since: instant.nullable(),
    next_attempt_at: instant.nullable(),
    paused: z
      .strictObject({
        since: instant,
        reason: z.string(),
        parks: z.boolean().describe('Its events are parked; else it holds the slot.'),
      })
      .nullable(),
    waiting: z
      .strictObject({ events: z.int(), bytes: z.int(), oldest_at: instant })
      .nullable()
      .describe('What is parked for it now.'),
    checkpoint: z.string().nullable(),
    missed_from: z
      .string()
      .nullable()
      .describe('Where the changes begin that it did not get, because it was not configured.'),
    delivered: z.number(),
    filtered: z.number(),
    parked: z.number(),
    failed_attempts: z.number(),
    dead_letters: z.int(),
    updated_at: instant.nullable(),
  })
  .register(answerSchemas, { id: 'Endpoint' }) satisfies z.ZodType<EndpointStatus>;

const connectionStatusSchema = z
  .strictObject({
    local: z.boolean().describe('Whether what answers is on the same machine.'),
    encrypted: z.boolean(),
    protocol: z.string().nullable(),
    cipher: z.string().nullable(),
    verified: z
      .enum(['none', 'ca', 'full'])
      .describe("What is checked of the server's certificate: its authority, its name as well."),
    pooled: z.boolean().describe('Whether a pooler in transaction mode stands between.'),
  })
  .register(answerSchemas, { id: 'Connection' }) satisfies z.ZodType<ConnectionStatus>;

const slotStatusSchema = z
  .strictObject({
    name: z.string(),
    exists: z.boolean(),
    plugin: z.string().nullable(),
    database: z.string().nullable(),
    active_pid: z.int().nullable(),
    confirmed_lsn: z.string().nullable(),
    restart_lsn: z.string().nullable(),
    wal_status: z.string().nullable(),
    invalidation_reason: z.string().nullable(),
    lag_bytes: z.number().nullable().describe('At the most, what is left to drain.'),
    held_bytes: z.number().nullable().describe('WAL that the server keeps because of the slot.'),
    safe_bytes: z.number().nullable().describe('WAL until the slot can be lost; null: no bound.'),
    max_held_bytes: z.number().nullable(),
  })
  .register(answerSchemas, { id: 'Slot' }) satisfies z.ZodType<SlotStatus>;

export const runStatusSchema = z
  .strictObject({
    started_at: instant,
    finished_at: instant,
    status: z.string(),
    report: z.unknown().describe('As POST /drain answered it.'),
  })
  .register(answerSchemas, { id: 'Run' }) satisfies z.ZodType<RunStatus>;

const conditionSchema = z
  .strictObject({
    condition: z.string().describe('What it is; where alerts tell it, the name of their rule.'),
    severity: z.enum(['error', 'warning']),
    blocks: z
      .boolean()
      .describe(
        'Whether the slot, or every drain, gets nowhere while it lasts: /ready answers 503.',
      ),
    endpoint: z.string().nullable().describe('null where it is about the pipeline.'),
    message: z.string(),
    remedy: z.string(),
    runbook: z.string().describe('A place in the documentation.'),
  })
  .register(answerSchemas, { id: 'Condition' }) satisfies z.ZodType<ConditionStatus>;

export const statusSchema = z
  .strictObject({
    pipeline: z.string(),
    database: z.string(),
    publication: z.strictObject({ name: z.string(), exists: z.boolean() }),
    connection: connectionStatusSchema,
    slot: slotStatusSchema,
    endpoints: z.array(endpointStatusSchema),
    lease: z
      .strictObject({ owner: z.string(), expires_at: instant })
      .nullable()
      .describe('Whoever drains now.'),
    last_drain_at: instant.nullable(),
    caught_up_at: instant.nullable().describe('When a drain last ended with everything settled.'),
    settled_through: instant.nullable().describe('What was committed before that is settled.'),
    wal_bytes_per_second: z
      .number()
      .nullable()
      .describe('WAL that the server has written a second, in the last minutes.'),
    runs: z.array(runStatusSchema),
    troubles: z.array(z.string()).describe('What is wrong, in words, the worst first.'),
    conditions: z.array(conditionSchema).describe('The same, each with what it is and how bad.'),
  })
  .register(answerSchemas, { id: 'Status' }) satisfies z.ZodType<Status>;
