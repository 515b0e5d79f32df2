import { formatLsn, parseLsn, toLsn } from '../../src/pgoutput/lsn.ts';
import { type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import type { TestDatabase } from '../support/database.ts';

/** The same WAL through a slot of its own and another project's decoder: which events there are. */
export class Reference {
  readonly #database: TestDatabase;
  readonly #slot: string;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#slot = `${database.name}_reference`;
  }

  async open(): Promise<void> {
    await this.#database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [
      this.#slot,
    ]);
  }

  /** In commit order. */
  async ids(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query<{ data: Buffer }>(
      `select data from pg_logical_slot_peek_binary_changes($1, null, null,
         'proto_version', '1', 'publication_names', 'walhook', 'messages', 'true')`,
      [this.#slot],
    );
    const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ['walhook'] });
    const ids = new Set<string>();
    let commitLsn = '';
    let seq = 0;
    const take = (relation: Pgoutput.MessageRelation | null): void => {
      const id = idOf(commitLsn, seq++);
      if (relation?.schema !== 'walhook') ids.add(id);
    };
    for (const { data } of rows) {
      const message = plugin.parse(data);
      if (message.tag === 'begin') {
        commitLsn = message.commitLsn!;
        seq = 0;
      } else if (message.tag === 'truncate') {
        message.relations.forEach(take);
      } else if (message.tag === 'message') {
        if (message.transactional) take(null);
        else ids.add(idOf(lastByteBefore(message.messageLsn!), 0));
      } else if ('relation' in message) {
        take(message.relation);
      }
    }
    return ids;
  }
}

function idOf(lsn: string, seq: number): string {
  const [high, low] = lsn.split('/').map((half) => half.padStart(8, '0').toUpperCase());
  return `${high}${low}-${seq.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** Where a message outside of any transaction stands: Postgres tells where its record ends. */
function lastByteBefore(lsn: string): string {
  return formatLsn(toLsn(parseLsn(lsn) - 1n));
}
