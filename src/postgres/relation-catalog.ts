import type { PgType } from '../changes/type-catalog.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import { type Connection, query } from './connection.ts';
import { PostgresTypeCatalog } from './type-catalog.ts';

/** Types and primary keys as the catalog has them now, on a connection that is not reading a window. */
export class PostgresRelationCatalog implements RelationCatalog {
  readonly #connection: Connection;
  readonly #types = new PostgresTypeCatalog();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  lookUp(oid: number): PgType | undefined {
    return this.#types.lookUp(oid);
  }

  async loadTypes(oids: readonly number[]): Promise<void> {
    await this.#types.load(oids, async (text, params) => ({
      rows: await query(this.#connection, text, params),
    }));
  }

  async primaryKey(relationId: number): Promise<readonly string[]> {
    const rows = await query<{ name: string }>(
      this.#connection,
      `select a.attname as name
       from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
       where i.indrelid = $1::oid and i.indisprimary
       order by a.attnum`,
      [relationId],
    );
    return rows.map((row) => row.name);
  }
}
