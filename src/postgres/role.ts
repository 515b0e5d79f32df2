import { type Connection, query } from './connection.ts';

export type RoleState = {
  readonly name: string;
  readonly isSuperuser: boolean;
  /** By its attribute, or by a role that a provider gives out in its place. */
  readonly mayReplicate: boolean;
  /** Whether it may create schemas and publications in this database. */
  readonly mayCreate: boolean;
};

/** Where nobody gets a superuser, membership in one of these does what REPLICATION does elsewhere. */
const PROVIDER_ROLES = [
  'rds_superuser',
  'rds_replication',
  'azure_pg_admin',
  'cloudsqlsuperuser',
  'alloydbsuperuser',
];

export async function readRole(connection: Connection): Promise<RoleState> {
  const [row] = await query<RoleState>(
    connection,
    `select r.rolname as name, r.rolsuper as "isSuperuser",
            r.rolsuper or r.rolreplication or exists (
              select from pg_roles p
              where p.rolname = any ($1) and pg_has_role(r.oid, p.oid, 'member')
            ) as "mayReplicate",
            has_database_privilege(current_database(), 'create') as "mayCreate"
     from pg_roles r where r.rolname = current_user`,
    [PROVIDER_ROLES],
  );
  return row!;
}

/** What of the state tables this role cannot use; empty where all is well, or there are none yet. */
export async function unusableTables(
  connection: Connection,
  schema: string,
): Promise<readonly string[]> {
  const rows = await query<{ name: string }>(
    connection,
    `select c.relname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r'
       and (not has_schema_privilege(n.oid, 'usage')
            or not has_table_privilege(c.oid, 'select')
            or not has_table_privilege(c.oid, 'insert')
            or not has_table_privilege(c.oid, 'update')
            or not has_table_privilege(c.oid, 'delete'))
     order by 1`,
    [schema],
  );
  return rows.map(({ name }) => name);
}
