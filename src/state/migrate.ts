import { sql } from 'drizzle-orm';
import { type Migration, MIGRATIONS } from './migrations.generated.ts';
import { foreignTables, readApplied, refuseNewerTables } from './readiness.ts';
import { GENERATED_SCHEMA_NAME } from './schema.ts';
import { quoteIdentifier } from './schema-name.ts';
import { sqlState, type StateDatabase } from './state-database.ts';

const ALREADY_THERE: ReadonlySet<string | null> = new Set([
  '23505', // unique_violation, of a system catalog's own index
  '42P06', // duplicate_schema
  '42P07', // duplicate_table
]);
const GONE_AGAIN: ReadonlySet<string | null> = new Set([
  '3F000', // invalid_schema_name
  '42P01', // undefined_table
]);
const ATTEMPTS = 3;

/**
 * Creates or upgrades the tables in one transaction; returns the names of the migrations applied.
 *
 * Two at once: on an upgrade the second waits for the first at a lock on the migrations table.
 * Where there is none yet, the first CREATE of the second waits for the first to commit and then
 * fails, as the thing is there; tried again, it finds the table and nothing to do. The same goes for
 * tables that another process destroys meanwhile. An advisory lock would be shorter, but there are
 * poolers (Hyperdrive) that do not carry them.
 */
export async function migrate(state: StateDatabase): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyPending(state);
    } catch (error) {
      const alreadyThere = ALREADY_THERE.has(sqlState(error));
      if (!alreadyThere && !GONE_AGAIN.has(sqlState(error))) throw error;
      if (attempt < ATTEMPTS) continue;
      throw alreadyThere ? foreignTables(state, error) : error;
    }
  }
}

function applyPending(state: StateDatabase): Promise<readonly string[]> {
  const { db, tables, schemaName } = state;
  return db.transaction(
    async (transaction) => {
      const found = await transaction.execute<{ migrations: string | null }>(sql`
        select c.oid as migrations
        from pg_catalog.pg_namespace n
        left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'migrations'
        where n.nspname = ${schemaName}`);
      const [schema] = found.rows;
      if (schema === undefined) await transaction.execute(sql`create schema ${tables.schema}`);

      let applied: ReadonlySet<string> = new Set();
      if (schema !== undefined && schema.migrations !== null) {
        await transaction.execute(sql`lock table ${tables.migrations} in share row exclusive mode`);
        applied = await readApplied({ ...state, db: transaction });
      }
      refuseNewerTables(applied, schemaName);

      const pending = MIGRATIONS.filter(({ name }) => !applied.has(name));
      for (const migration of pending) {
        for (const statement of statementsFor(migration, schemaName)) {
          await transaction.execute(sql.raw(statement));
        }
        await transaction.insert(tables.migrations).values({ name: migration.name });
      }
      return pending.map(({ name }) => name);
    },
    // Whatever the role's default: what the lock was waited for has to be seen once it is there.
    { isolationLevel: 'read committed' },
  );
}

/** drizzle-kit quotes every identifier, so that the schema's name can be told from other words. */
function statementsFor(migration: Migration, schemaName: string): readonly string[] {
  const generated = `${quoteIdentifier(GENERATED_SCHEMA_NAME)}.`;
  const configured = `${quoteIdentifier(schemaName)}.`;
  // A function, for in a replacement text `$&` and the like would be read as patterns.
  return migration.statements.map((text) => text.replaceAll(generated, () => configured));
}
