import { eq, sql } from 'drizzle-orm';
import { driverError, sqlState, type StateDatabase } from './state-database.ts';

const NOT_OURS_ALONE: ReadonlySet<string | null> = new Set([
  '2BP01', // dependent_objects_still_exist: somebody else keeps something in the schema
  '42501', // insufficient_privilege: an administrator made the schema
]);

/**
 * Drops the pipeline's rows. After the last pipeline the tables go too, and the schema if nothing
 * else is in it.
 */
export async function destroyPipeline(
  { db, tables }: StateDatabase,
  pipeline: string,
): Promise<void> {
  const { schema, ...all } = tables;
  const { pipelines, runs, migrations } = all;
  await db.transaction(async (transaction) => {
    // In the order of migrate(), and before a pipeline that is registered now could be dropped.
    await transaction.execute(sql`lock table ${migrations}, ${pipelines}`);
    await transaction.delete(runs).where(eq(runs.pipeline, pipeline));
    await transaction.delete(pipelines).where(eq(pipelines.pipeline, pipeline));
    if ((await transaction.$count(pipelines)) > 0) return;

    await transaction.execute(sql`drop table ${sql.join(Object.values(all), sql`, `)}`);
    try {
      await transaction.transaction((nested) => nested.execute(sql`drop schema ${schema}`));
    } catch (error) {
      if (!NOT_OURS_ALONE.has(sqlState(error))) throw driverError(error);
    }
  });
}
