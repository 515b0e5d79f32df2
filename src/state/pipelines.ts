import { eq } from 'drizzle-orm';
import type { PipelineRecord } from '../drain/state-store.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { FORGOTTEN_LSNS } from './headway.ts';
import { CLOCK } from './instants.ts';
import type { StateDatabase } from './state-database.ts';

export async function registerPipeline(
  { db, tables: { pipelines } }: StateDatabase,
  { pipeline, slot, publication, database, identity, announcedLsn }: PipelineRecord,
): Promise<void> {
  const facts = { slot, publication, database, ...identity, announcedLsn };
  await db
    .insert(pipelines)
    .values({ pipeline, ...facts })
    .onConflictDoUpdate({
      target: pipelines.pipeline,
      set: { ...facts, ...FORGOTTEN_LSNS, updatedAt: CLOCK },
    });
}

export async function loadPipeline(
  { db, tables: { pipelines } }: StateDatabase,
  pipeline: string,
): Promise<PipelineRecord | null> {
  const [record] = await db
    .select(factsOf(pipelines))
    .from(pipelines)
    .where(eq(pipelines.pipeline, pipeline));
  return record === undefined ? null : recordOf(record);
}

export async function listPipelines({
  db,
  tables: { pipelines },
}: StateDatabase): Promise<readonly PipelineRecord[]> {
  const records = await db.select(factsOf(pipelines)).from(pipelines).orderBy(pipelines.pipeline);
  return records.map(recordOf);
}

function factsOf(pipelines: StateDatabase['tables']['pipelines']) {
  return {
    pipeline: pipelines.pipeline,
    slot: pipelines.slot,
    publication: pipelines.publication,
    database: pipelines.database,
    systemIdentifier: pipelines.systemIdentifier,
    timeline: pipelines.timeline,
    publicationOid: pipelines.publicationOid,
    announcedLsn: pipelines.announcedLsn,
  };
}

function recordOf({
  systemIdentifier,
  timeline,
  publicationOid,
  ...facts
}: Omit<PipelineRecord, 'identity'> & PipelineRecord['identity']): PipelineRecord {
  return { ...facts, identity: { systemIdentifier, timeline, publicationOid } };
}

export function notRegistered(pipeline: string, schemaName: string): WalhookError {
  return new WalhookError('state_missing', 'The pipeline is not registered in the state tables.', {
    detail: `pipeline ${JSON.stringify(pipeline)}, schema ${JSON.stringify(schemaName)}`,
  });
}
