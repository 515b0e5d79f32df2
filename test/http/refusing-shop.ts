import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { TestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

export type RefusingShop = {
  readonly config: ResolvedConfig;
  readonly database: TestDatabase;
  readonly receiver: Receiver;
  /** Ids of dead letters, in the order of their events. */
  readonly letters: readonly string[];
};

/** `orders` with rows 1 to 3, drained to the endpoint `hooks`, which refused each of them. */
export async function openRefusingShop(
  refusal = 'no amount',
  table = 'orders',
): Promise<RefusingShop> {
  const receiver = await startReceiver(() => ({ status: 422, body: refusal }));
  const hooks = { name: 'hooks', type: 'http', url: receiver.url } as const;
  const name = `"${table.replaceAll('"', '""')}"`;
  const { config, database, drain } = await createPipeline(
    { endpoints: [hooks] },
    `create table ${name} (id int primary key)`,
  );
  await database.query(`insert into ${name} select generate_series(1, 3)`);
  await drain();
  const rows = await database.query<{ id: string }>(
    'select id::text from walhook.dead_letters order by commit_lsn, seq',
  );
  return { config, database, receiver, letters: rows.map(({ id }) => id) };
}
