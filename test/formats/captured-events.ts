import { Assembler } from '../../src/changes/assembler.ts';
import type { RelationCatalog } from '../../src/changes/relation-cache.ts';
import { RelationCache } from '../../src/changes/relation-cache.ts';
import type { WritableEvent } from '../../src/formats/event-format.ts';
import { PgoutputDecoder } from '../../src/pgoutput/decoder.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { PostgresRelationCatalog } from '../../src/postgres/relation-catalog.ts';
import { PEEK_SETTINGS } from '../../src/postgres/session-settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export type CapturedEvents = {
  readonly catalog: RelationCatalog;
  /** Runs the statements, each that ends a line in a transaction of its own, unless one is begun. */
  of(sql: string): Promise<WritableEvent[]>;
  readonly query: TestDatabase['query'];
};

/** Real changes of a database, as every format is given them. `setUp` makes its tables. */
export async function captureEvents(
  setUp: string,
  keys: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<CapturedEvents> {
  const database = await createTestDatabase();
  const slot = database.name;
  await database.query(setUp);
  await database.query('create publication p for all tables');
  await database.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  const reader = await database.client();
  const catalog = new PostgresRelationCatalog(await database.client());

  async function consume(): Promise<{ lsn: string; data: Buffer }[]> {
    await reader.query('begin');
    await reader.query(PEEK_SETTINGS);
    const { rows } = await reader.query<{ lsn: string; data: Buffer }>(
      `select lsn::text, data from pg_logical_slot_get_binary_changes($1, null, null,
         'proto_version', '1', 'publication_names', 'p', 'messages', 'true')`,
      [slot],
    );
    await reader.query('commit');
    return rows;
  }

  return {
    catalog,
    query: (text, params) => database.query(text, params),
    async of(sql) {
      for (const statement of sql.split(/;\s*\n/)) await database.query(statement);
      const events: WritableEvent[] = [];
      const relations = new RelationCache(catalog, keys);
      const decoder = new PgoutputDecoder({ protocolVersion: 1 });
      const assembler = new Assembler(relations, {
        event(event) {
          if (event.op !== 'oversized') events.push(event);
        },
        completeThrough: () => undefined,
      });
      for (const { lsn, data } of await consume()) {
        const message = decoder.decode(data);
        if (message.kind === 'relation') await relations.prepare(message);
        const at = parseLsn(lsn);
        assembler.accept(message, Number(at >> 32n), Number(at & 0xffffffffn));
      }
      return events;
    },
  };
}
