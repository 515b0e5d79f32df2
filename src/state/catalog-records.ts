import { and, eq, sql } from 'drizzle-orm';
import type { CatalogRecord } from '../changes/catalog-past.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { StateDatabase } from './state-database.ts';

export async function recallCatalog(
  { db, tables: { catalogRecords } }: StateDatabase,
  pipeline: string,
): Promise<readonly CatalogRecord[]> {
  const rows = await db
    .select()
    .from(catalogRecords)
    .where(eq(catalogRecords.pipeline, pipeline))
    .orderBy(catalogRecords.throughLsn);
  return rows.map(
    ({ kind, oid, version, shape, afterLsn, throughLsn }) =>
      ({ kind, oid, version, shape, after: afterLsn, through: throughLsn }) as CatalogRecord,
  );
}

export async function noteCatalog(
  { db, tables: { catalogRecords: table } }: StateDatabase,
  pipeline: string,
  records: readonly CatalogRecord[],
  slotAt: Lsn,
): Promise<void> {
  await db
    .insert(table)
    .values(
      records.map(({ kind, oid, version, shape, after, through }) => ({
        pipeline,
        kind,
        oid,
        version,
        afterLsn: after,
        throughLsn: through,
        shape: sql`${asciiJson(shape)}::json`,
      })),
    )
    .onConflictDoUpdate({
      target: [table.pipeline, table.kind, table.oid, table.version],
      set: {
        afterLsn: sql`least(${table.afterLsn}, excluded.after_lsn)`,
        throughLsn: sql`greatest(${table.throughLsn}, excluded.through_lsn)`,
      },
    });
  const isYounger = sql`exists (
    select from ${table} as younger
    where younger.pipeline = ${table.pipeline} and younger.kind = ${table.kind}
      and younger.oid = ${table.oid} and younger.through_lsn > ${table.throughLsn})`;
  await db
    .delete(table)
    .where(
      and(
        eq(table.pipeline, pipeline),
        sql`${table.throughLsn} < ${formatLsn(slotAt)}::pg_lsn`,
        isYounger,
      ),
    );
}

/** Names in it may hold what the state database's encoding does not. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
