import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type Ended, startWalhook, walhook } from './walhook.ts';

export type RefusingShop = {
  readonly database: TestDatabase;
  readonly receiver: Receiver;
  readonly walhook: (...args: readonly string[]) => Promise<Ended>;
  readonly start: (...args: readonly string[]) => ReturnType<typeof startWalhook>;
};

/** `orders` with rows 1 to 3, drained to the endpoint `http`, which took none of them. */
export async function openRefusingShop(): Promise<RefusingShop> {
  const receiver = await startReceiver(() => ({ status: 422, body: 'no amount' }));
  const database = await createTestDatabase();
  await database.query('create table orders (id int primary key)');
  await initialize(configOf(database));
  const env = {
    DATABASE_URL: database.url,
    SLOT_NAME: database.name,
    HTTP_ENDPOINT_URL: receiver.url,
    WALHOOK_LOG_LEVEL: 'silent',
  };
  await database.query('insert into orders select generate_series(1, 3)');
  await walhook(['drain'], env);
  return {
    database,
    receiver,
    walhook: (...args) => walhook(args, env),
    start: (...args) => startWalhook(args, env),
  };
}
