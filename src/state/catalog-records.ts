import { and, eq, sql } from 'drizzle-orm';
import type { CatalogRecord } from '../changes/catalog-past.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { damaged } from './damage.ts';
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
  return rows.map(({ kind, oid, version, shape, afterLsn, throughLsn }) => {
    if (!isShape(kind, shape)) {
      const key = `${kind} ${oid}, version ${version}`;
      const place = { table: 'catalog_records', key, column: 'shape' };
      throw damaged(place, 'is not what a type or a key is made of');
    }
    return { kind, oid, version, shape, after: afterLsn, through: throughLsn } as CatalogRecord;
  });
}

/** A record of a kind that is not known is asked for by nothing. */
function isShape(kind: string, shape: unknown): boolean {
  if (kind !== 'type' && kind !== 'key') return true;
  if (typeof shape !== 'object' || shape === null) return false;
  const { columns, attributes } = shape as Readonly<Record<string, unknown>>;
  if (kind === 'key')
    return isListOf(columns, 'name', 'string') && isListOf(columns, 'number', 'number');
  switch ((shape as { readonly kind?: unknown }).kind) {
    case 'scalar':
      return true;
    case 'array':
      return 'elementOid' in shape && 'delimiter' in shape;
    case 'domain':
      return 'baseOid' in shape;
    case 'composite':
      return isListOf(attributes, 'name', 'string') && isListOf(attributes, 'typeOid', 'number');
    default:
      return false;
  }
}

function isListOf(list: unknown, field: string, type: 'string' | 'number'): boolean {
  if (!Array.isArray(list)) return false;
  return list.every((item: unknown) => {
    if (typeof item !== 'object' || item === null) return false;
    return typeof (item as Readonly<Record<string, unknown>>)[field] === type;
  });
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
