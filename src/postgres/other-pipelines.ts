import { escapeIdentifier } from 'pg';
import { type Connection, query } from './connection.ts';

export type PipelineElsewhere = {
  readonly schema: string;
  readonly pipeline: string;
  readonly slot: string;
  readonly publication: string;
};

export type PipelinesElsewhere = {
  readonly pipelines: readonly PipelineElsewhere[];
  /** Schemas whose state tables this role may not read. */
  readonly hidden: readonly string[];
};

/**
 * Pipelines of this database whose state lies in other schemas of it. Only of roles that could drain a
 * slot, so that nobody else's table of the same name counts, and only tables that run nothing when they
 * are read: a policy would run as this role.
 */
export async function pipelinesElsewhere(
  connection: Connection,
  exceptSchema: string | null,
): Promise<PipelinesElsewhere> {
  const schemas = await query<{ schema: string; readable: boolean }>(
    connection,
    `select n.nspname as schema,
            pg_catalog.has_schema_privilege(n.oid, 'usage')
              and pg_catalog.has_table_privilege(c.oid, 'select') as readable
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles r on r.oid = c.relowner
     where c.relname = 'pipelines' and c.relkind = 'r' and not c.relrowsecurity
       and n.nspname is distinct from $1 and (r.rolsuper or r.rolreplication)
       and (select count(*) from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and not a.attisdropped
              and a.atttypid = 'pg_catalog.text'::pg_catalog.regtype and a.attgenerated = ''
              and a.attname in ('pipeline', 'slot', 'publication', 'database')) = 4
     order by 1`,
    [exceptSchema],
  );
  const pipelines: PipelineElsewhere[] = [];
  for (const { schema, readable } of schemas) {
    if (!readable) continue;
    const rows = await query<PipelineElsewhere>(
      connection,
      `select $1::text as schema, pipeline, slot, publication
       from ${escapeIdentifier(schema)}.pipelines where database = pg_catalog.current_database()
       order by 2`,
      [schema],
    );
    pipelines.push(...rows);
  }
  const hidden = schemas.filter(({ readable }) => !readable).map(({ schema }) => schema);
  return { pipelines, hidden };
}

/** Lasting slots of pgoutput in this database; by which publications they are read, no table tells. */
export async function otherSlots(
  connection: Connection,
  except: string,
): Promise<readonly string[]> {
  const rows = await query<{ name: string }>(
    connection,
    `select slot_name as name from pg_catalog.pg_replication_slots
     where database = pg_catalog.current_database() and plugin = 'pgoutput' and not temporary
       and slot_name <> $1
     order by 1`,
    [except],
  );
  return rows.map(({ name }) => name);
}
