import { eq, type SQL, sql } from 'drizzle-orm';
import { driverError, sqlState, type StateDatabase } from './state-database.ts';

/** insufficient_privilege: an administrator made it. */
const NOT_OURS: ReadonlySet<string | null> = new Set(['42501']);

const NOT_OURS_ALONE: ReadonlySet<string | null> = new Set([
  '2BP01', // dependent_objects_still_exist: somebody else keeps something in the schema
  ...NOT_OURS,
]);

/**
 * Drops the pipeline's rows. After the last pipeline the tables go too, if they are this role's, and
 * the schema if nothing else is in it.
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

    const drop = async (statement: SQL, leftFor: typeof NOT_OURS): Promise<boolean> => {
      try {
        await transaction.transaction((nested) => nested.execute(statement));
        return true;
      } catch (error) {
        if (!leftFor.has(sqlState(error))) throw driverError(error);
        return false;
      }
    };
    const allTables = sql.join(Object.values(all), sql`, `);
    if (!(await drop(sql`drop table ${allTables}`, NOT_OURS))) return;
    await drop(sql`drop schema ${schema}`, NOT_OURS_ALONE);
  });
}
