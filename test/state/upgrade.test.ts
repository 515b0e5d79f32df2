import { expect, test } from 'vitest';
import { HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import { MIGRATIONS } from '../../src/state/migrations.generated.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const [FIRST, ...LATER] = MIGRATIONS;

test('tables of the first version are upgraded with what is in them, and a drain goes on', async () => {
  const receiver = await startReceiver();
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url } as const;
  const pipeline = await createPipeline(
    { endpoints: [endpoint] },
    'create table t (id int primary key)',
  );
  const { database } = pipeline;
  await database.query('insert into t values (1)');
  await pipeline.drain();
  // The tables as the first version made them, with the rows that it had put there.
  await database.query('alter schema walhook rename to drained; create schema walhook');
  for (const statement of FIRST!.statements) await database.query(statement);
  await database.query('insert into walhook.migrations (name) values ($1)', [FIRST!.name]);
  for (const table of ['pipelines', 'endpoints', 'runs']) {
    const [columns] = await database.query<{ names: string }>(
      `select string_agg(quote_ident(column_name), ', ') as names from information_schema.columns
       where table_schema = 'walhook' and table_name = $1`,
      [table],
    );
    await database.query(
      `insert into walhook.${table} (${columns!.names}) select ${columns!.names} from drained.${table}`,
    );
  }
  await database.query(
    `drop schema drained cascade;
     insert into walhook.dead_letters
       (pipeline, endpoint, commit_lsn, seq, event_id, operation, reason, detail)
     select pipeline, 'hooks', '0/1', 0, 'id', 'insert', 'event_too_large', '9 bytes'
     from walhook.pipelines`,
  );
  await database.query('insert into t values (2)');

  const refused = await pipeline.drain();
  const store = createStateStore({ client: await database.client(), schema: 'walhook' });
  const applied = await store.migrate();
  const report = await pipeline.drain();

  expect(refused).toMatchObject({ status: 'failed', error: { code: 'state_outdated' } });
  expect(applied).toEqual(LATER.map(({ name }) => name));
  expect(report).toMatchObject({ status: 'caught_up', events: 1 });
  expect(receiver.events().map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }]);
  const { pipeline: name } = pipeline.config;
  expect(await store.loadEndpoints(name)).toMatchObject([
    { endpoint: 'hooks', health: HEALTHY, pause: null, delivered: 2n, parked: 0n },
  ]);
  expect(await store.listDeadLetters(name, {}, 2)).toMatchObject([
    { attempts: 0, answer: null, headers: {}, contentType: null, lastAttemptAt: null },
  ]);
});
