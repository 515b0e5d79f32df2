import { StoredCatalogMemory } from '../drain/catalog-memory.ts';
import type { PipelineAccess } from './pipeline.ts';

/**
 * Notes how the types and the keys of what is published are now, so that they are known of the first
 * changes too, whatever becomes of them before these are read. Throws WalhookError.
 */
export async function rememberCatalog({
  database,
  state,
  pipeline,
}: PipelineAccess): Promise<void> {
  const slot = await database.readSlot(pipeline.slot);
  const memory = new StoredCatalogMemory(state, pipeline.name);
  const catalog = database.openCatalog(pipeline.slot, memory);
  const { typeOids, fullIdentity } = await database.publishedShapes(pipeline.publication);
  await catalog.loadTypes(typeOids);
  for (const relationId of fullIdentity) await catalog.past?.key(relationId);
  await memory.save(slot!.confirmedLsn!);
}
