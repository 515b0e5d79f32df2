import { describe, expect, test } from 'vitest';
import type { WritableEvent } from '../../src/formats/event-format.ts';
import type { ColumnPolicy } from '../../src/formats/column-policy.ts';
import type { FramedEvent } from '../../src/formats/framing.ts';
import { jsonList } from '../../src/formats/json-list.ts';
import { wal2httpFraming } from '../../src/formats/wal2http-framing.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { lsnOf } from '../support/pipeline.ts';
import { captureEvents } from './captured-events.ts';
import { schemaOf } from './schemas/schema-of.ts';
import { type Json, PLAIN, written, writtenText } from './written.ts';

const captured = await captureEvents(`
  create table orders (id int primary key, note varchar(20));
  create table full_rows (id int primary key, note text);
  alter table full_rows replica identity full;
  create table by_index (id int primary key, code text not null unique);
  alter table by_index replica identity using index by_index_code_key`);
const format = wal2httpFormat(captured.catalog, PLAIN);
const decoder = new TextDecoder();

/** A body of all the events, put together as a batch does it. */
function bodyOf(events: readonly WritableEvent[], columns: ColumnPolicy | null = null): Json[] {
  const { head, tail, between } = wal2httpFraming(jsonList, columns);
  const framed = events.map((event): FramedEvent => ({
    transaction: event.transaction,
    relation: event.op === 'message' ? null : event.relation,
  }));
  const gap = (index: number): string =>
    decoder.decode(between!(framed[index - 1] ?? null, framed[index] ?? null));
  const texts = events.map((event, index) => gap(index) + writtenText(format, event));
  const body =
    decoder.decode(head('')) + texts.join('') + gap(events.length) + decoder.decode(tail);
  return JSON.parse(body) as Json[];
}

const typesOf = (body: readonly Json[]): unknown[] => body.map(({ type }) => type);

describe('a body', () => {
  test('has the messages of its transactions in the order of the protocol', async () => {
    const events = await captured.of(`
      begin;
      insert into orders values (1, 'a');
      update orders set note = 'b';
      insert into full_rows values (1, 'x');
      commit;
      delete from full_rows`);
    expect(typesOf(bodyOf(events))).toEqual([
      'begin',
      'relation',
      'insert',
      'update',
      'relation',
      'insert',
      'commit',
      'begin',
      'delete',
      'commit',
    ]);
  });

  test('has messages that its schema takes', async () => {
    const events = await captured.of(`
      insert into orders values (2, 'a');
      select pg_logical_emit_message(true, 'p', 'x');
      truncate orders cascade`);
    const faultsOf = schemaOf('wal2http');
    const body = bodyOf(events);
    expect(body).toHaveLength(11);
    for (const message of body) {
      expect({ message, faults: faultsOf(message) }).toEqual({ message, faults: [] });
    }
  });

  test('begins and ends a transaction that goes on in another body', async () => {
    const events = await captured.of(`
      begin;
      insert into orders values (3, 'a');
      insert into orders values (4, 'a');
      commit`);
    for (const event of events) {
      expect(typesOf(bodyOf([event]))).toEqual(['begin', 'relation', 'insert', 'commit']);
    }
    expect(bodyOf([events[0]!])[0]).toEqual(bodyOf([events[1]!])[0]);
  });

  test('has no transaction around a message that belongs to none', async () => {
    const events = await captured.of(`
      select pg_logical_emit_message(false, 'at once', 'x');
      insert into orders values (5, 'a')`);
    expect(typesOf(bodyOf(events))).toEqual(['message', 'begin', 'relation', 'insert', 'commit']);
  });
});

test('a begin and a commit tell the place and time of the transaction', async () => {
  const events = await captured.of(`insert into orders values (6, 'a')`);
  const hook = written(walhookFormat(captured.catalog, PLAIN), events[0]!);
  const body = bodyOf(events);
  const commitLsn = Number(lsnOf(String(hook['commit_lsn'])));
  // Microseconds since 2000, as in the protocol.
  const timestamp =
    (Date.parse(String(hook['committed_at'])) - Date.parse('2000-01-01T00:00:00Z')) * 1000 +
    Number(String(hook['committed_at']).slice(-4, -1));
  expect(body[0]).toEqual({ type: 'begin', final_lsn: commitLsn, timestamp, xid: hook['xid'] });
  expect(body.at(-1)).toEqual({ type: 'commit', flags: 0, commit_lsn: commitLsn, timestamp });
});

test('a relation is described like the server describes it', async () => {
  const relations = bodyOf(
    await captured.of(`
      insert into orders values (7, 'a');
      insert into full_rows values (7, 'a');
      insert into by_index values (7, 'a')`),
  ).filter(({ type }) => type === 'relation');
  expect(relations).toMatchObject([
    {
      relation: {
        oid: expect.any(Number),
        namespace: 'public',
        relation_name: 'orders',
        replica_identity: 'd',
        column_count: 2,
        columns: [
          { key_flag: 1, column_name: 'id', column_type: 23, atttypmod: -1 },
          { key_flag: 0, column_name: 'note', column_type: 1043, atttypmod: 24 },
        ],
      },
    },
    { relation: { replica_identity: 'f' } },
    { relation: { replica_identity: 'i' } },
  ]);
});

test('a column that may not be shown is not described either', async () => {
  const policy: ColumnPolicy = {
    writer: (view, column, write) => (view.columns[column]!.name === 'note' ? null : write),
    masks: () => false,
  };
  const body = bodyOf(await captured.of(`insert into orders values (8, 'a')`), policy);
  expect(body.find(({ type }) => type === 'relation')).toMatchObject({
    relation: { column_count: 1, columns: [{ column_name: 'id' }] },
  });
});

test('rows come with the letter of the old tuple that identifies them', async () => {
  const events = await captured.of(`
    insert into orders values (10, 'a');
    update orders set note = 'b' where id = 10;
    update orders set id = 11 where id = 10;
    delete from orders where id = 11;
    insert into full_rows values (10, 'a');
    update full_rows set note = 'b' where id = 10;
    delete from full_rows where id = 10`);
  expect(events.map((event) => written(format, event))).toMatchObject([
    { type: 'insert', tuple_data: { id: 10, note: 'a' }, is_stream: false },
    { type: 'update', key_type: null, old_tuple_data: null, new_tuple_data: { id: 10, note: 'b' } },
    { type: 'update', key_type: 'K', old_tuple_data: { id: 10 }, new_tuple_data: { id: 11 } },
    { type: 'delete', key_type: 'K', tuple_data: { id: 11 } },
    { type: 'insert' },
    { type: 'update', key_type: 'O', old_tuple_data: { id: 10, note: 'a' } },
    { type: 'delete', key_type: 'O', tuple_data: { id: 10, note: 'b' } },
  ]);
});

test('a truncate has its flags as bits, a message its own', async () => {
  const events = await captured.of(`
    truncate orders;
    truncate orders cascade;
    truncate orders restart identity cascade;
    select pg_logical_emit_message(true, 'p', 'x')`);
  expect(events.map((event) => written(format, event)['flags'])).toEqual([0, 1, 3, 1]);
});
