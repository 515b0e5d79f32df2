import type { PipelineRecord } from '../drain/state-store.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { PipelineElsewhere } from './source-database.ts';

export type Neighbours = {
  /** The other pipelines of this database, as far as this role can see them. */
  readonly pipelines: readonly PipelineElsewhere[];
  /** Schemas of this database whose state tables it may not read. */
  readonly hidden: readonly string[];
};

/** Who else drains this database, by this pipeline's state tables and by those in other schemas. */
export async function readNeighbours(access: PipelineAccess): Promise<Neighbours> {
  const { database, pipeline } = access;
  const beside = (await ofThisDatabase(access)).map((record) => ({
    schema: pipeline.stateSchema,
    pipeline: record.pipeline,
    slot: record.slot,
    publication: record.publication,
  }));
  const elsewhere = await database.pipelinesElsewhere(
    pipeline.stateIsBeside ? pipeline.stateSchema : null,
  );
  const isThisOne = (other: PipelineElsewhere): boolean =>
    other.schema === pipeline.stateSchema && other.pipeline === pipeline.name;
  const pipelines = [...beside, ...elsewhere.pipelines].filter((other) => !isThisOne(other));
  return { pipelines, hidden: elsewhere.hidden };
}

/** One state database may hold the pipelines of several databases, also of the same name. */
async function ofThisDatabase({
  database,
  pipeline,
  state,
}: PipelineAccess): Promise<readonly PipelineRecord[]> {
  const records = await state.listPipelines().catch((error: unknown) => {
    if (isWalhookError(error, 'state_missing')) return [];
    throw error;
  });
  const server = await database.readServer();
  const { systemIdentifier: here } = await database.readIdentity(pipeline.publication);
  return records.filter(({ database: name, identity: { systemIdentifier: there } }) => {
    return name === server.database && (here === null || there === null || here === there);
  });
}

/** Throws used_by_another_pipeline. */
export function refuseSharedSlot({ pipelines }: Neighbours, slot: string): void {
  const other = pipelines.find((each) => each.slot === slot);
  if (other === undefined) return;
  throw new WalhookError(
    'used_by_another_pipeline',
    `the slot "${slot}" is drained by ${neighbourText(other)}: what one of two takes from a slot, the other never sees`,
    { detail: slot },
  );
}

/** Throws used_by_another_pipeline. */
export function refuseSharedPublication({ pipelines }: Neighbours, publication: string): void {
  const other = pipelines.find((each) => each.publication === publication);
  if (other === undefined) return;
  throw new WalhookError(
    'used_by_another_pipeline',
    `the publication "${publication}" is what ${neighbourText(other)} reads by: without it, all that waits for that one is lost`,
    { detail: publication, remedy: 'Keep it: walhook destroy --keep-publication.' },
  );
}

export function neighbourText({ pipeline, schema }: PipelineElsewhere): string {
  return `the pipeline "${pipeline}" of the state schema "${schema}"`;
}
