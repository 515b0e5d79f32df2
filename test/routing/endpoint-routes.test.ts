import { expect, test } from 'vitest';
import type { WalhookConfig } from '../../src/config/schema.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<WalhookConfig['endpoints'][number], { type: 'http' }>;

async function deliveredTo(
  options: Readonly<Record<string, Partial<HttpEndpoint>>>,
  setUp: string,
  sql: string,
) {
  const receivers = new Map<string, Awaited<ReturnType<typeof startReceiver>>>();
  const endpoints: HttpEndpoint[] = [];
  for (const [name, given] of Object.entries(options)) {
    const receiver = await startReceiver();
    receivers.set(name, receiver);
    endpoints.push({ name, type: 'http', url: receiver.url, ordering: 'strict', ...given });
  }
  const [first, ...others] = endpoints;
  const pipeline = await createPipeline({ endpoints: [first!, ...others] }, setUp);
  for (const statement of sql.split(/;\s*\n/)) await pipeline.database.query(statement);
  const report = await pipeline.drain();
  const events = (name: string) => receivers.get(name)!.events();
  return { pipeline, report, events };
}

const TABLES = `
  create table orders (id int primary key, status text, ssn text);
  create table audit (id int primary key)`;
const CHANGES = `
  insert into orders values (1, 'new', '111');
  insert into orders values (2, 'paid', '222');
  insert into audit values (1);
  update orders set status = 'paid' where id = 1;
  delete from orders where id = 2`;

test('each endpoint gets what it asks for, in the form that it asks for', async () => {
  const { events, report } = await deliveredTo(
    {
      all: {},
      masked: { columns: { mask: ['ssn'] } },
      excluded: { columns: { exclude: ['ssn'] } },
      paid: { filter: { tables: ['orders'], where: { 'after.status': 'paid' } } },
      byFunction: {
        filter: { operations: ['insert'], where: ({ after }) => after?.['status'] === 'paid' },
      },
      transformed: {
        filter: { tables: ['!audit'] },
        async transform(event) {
          await Promise.resolve();
          if (event.op === 'delete') return null;
          return { ...event, table: 'renamed', after: { ...event.after, extra: [event.seq] } };
        },
      },
    },
    TABLES,
    CHANGES,
  );
  expect(report).toMatchObject({ status: 'caught_up' });
  expect(events('all')).toHaveLength(5);
  expect(events('masked')[0]).toMatchObject({ after: { id: 1, ssn: '***' } });
  expect(events('excluded')[0]).toMatchObject({ after: { id: 1, status: 'new' } });
  expect(events('excluded')[0]!['after']).not.toHaveProperty('ssn');
  expect(events('all')[0]).toMatchObject({ after: { id: 1, ssn: '111' } });
  expect(events('paid').map(({ op, key }) => [op, key])).toEqual([
    ['insert', { id: 2 }],
    ['update', { id: 1 }],
  ]);
  expect(events('byFunction').map(({ key }) => key)).toEqual([{ id: 2 }]);
  expect(events('transformed').map(({ op, table, after }) => [op, table, after])).toEqual([
    ['insert', 'renamed', { id: 1, status: 'new', ssn: '111', extra: [0] }],
    ['insert', 'renamed', { id: 2, status: 'paid', ssn: '222', extra: [0] }],
    ['update', 'renamed', { id: 1, status: 'paid', ssn: '111', extra: [0] }],
  ]);
  const filtered = Object.fromEntries(report.endpoints.map((each) => [each.name, each.filtered]));
  expect(filtered).toMatchObject({ all: 0, paid: 3, byFunction: 4, transformed: 2 });
});

function failing(): never {
  throw new Error('no such customer');
}

test('an event that a filter or a transform throws on is set aside, and the rest goes on', async () => {
  const { events, report, pipeline } = await deliveredTo(
    {
      where: { filter: { where: (event) => event.op !== 'update' || failing() } },
      transform: { transform: (event) => (event.op === 'update' ? failing() : event) },
    },
    TABLES,
    CHANGES,
  );
  expect(report.endpoints).toMatchObject([
    { name: 'where', dead_lettered: 1, delivered: 4 },
    { name: 'transform', dead_lettered: 1, delivered: 4 },
  ]);
  expect(events('where').map(({ op }) => op)).toEqual(['insert', 'insert', 'insert', 'delete']);
  const letters = await pipeline.database.query(
    'select endpoint, event_id, reason, detail from walhook.dead_letters order by endpoint desc',
  );
  expect(letters).toMatchObject([
    { endpoint: 'where', detail: expect.stringContaining('no such customer') },
    { endpoint: 'transform', detail: expect.stringContaining('no such customer') },
  ]);
});
