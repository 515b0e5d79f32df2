import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { captureEvents } from './captured-events.ts';
import { type Json, PLAIN, written } from './written.ts';

const ATTRIBUTES = { source: '/walhook/1/shop', typePrefix: 'com.example.shop' };

type Mode = 'binary' | 'structured' | 'batched';

/** Drains real changes in a mode, to a real server. */
async function deliver(mode: Mode): Promise<readonly ReceivedRequest[]> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          format: 'cloudevents',
          cloudevents: { mode, ...ATTRIBUTES },
        },
      ],
    },
    'create table orders (id int primary key, note text)',
  );
  await pipeline.database.query(`insert into orders values (1, 'a "b" ä 漢')`);
  await pipeline.database.query('update orders set id = 2');
  await pipeline.database.query('truncate orders');
  await pipeline.database.query(`select pg_logical_emit_message(true, 'präfix %', 'x')`);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 4 });
  return receiver.requests;
}

/** As the SDK reads a request. Constructing an event validates it, which reading it does not. */
function readEvents({ headers, body }: ReceivedRequest): CloudEvent<Json>[] {
  const read = HTTP.toEvent<Json>({ headers, body: body.toString() });
  return [read].flat().map((event) => new CloudEvent<Json>({ ...event }));
}

describe.each<{ mode: Mode; contentType: string; requests: number }>([
  { mode: 'binary', contentType: 'application/json', requests: 4 },
  { mode: 'structured', contentType: 'application/cloudevents+json', requests: 4 },
  { mode: 'batched', contentType: 'application/cloudevents-batch+json', requests: 1 },
])('in mode $mode', async ({ mode, contentType, requests }) => {
  const received = await deliver(mode);
  const events = received.flatMap(readEvents);

  test('a request carries what the mode allows', () => {
    expect(received).toHaveLength(requests);
    expect(new Set(received.map(({ headers }) => headers['content-type']))).toEqual(
      new Set([contentType]),
    );
  });

  test('the SDK reads every event, with its attributes', () => {
    expect(events.map(({ type }) => type)).toEqual([
      'com.example.shop.insert',
      'com.example.shop.update',
      'com.example.shop.truncate',
      'com.example.shop.message',
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        specversion: '1.0',
        id: event.data?.['id'],
        source: ATTRIBUTES.source,
        datacontenttype: 'application/json',
        sequence: event.data?.['id'],
      });
      // The SDK takes no more than milliseconds into its own type.
      const committedAt = new Date(String(event.data?.['committed_at']));
      expect(new Date(event.time!)).toEqual(committedAt);
    }
  });

  test('the subject is the table, the partition key the row', () => {
    const prefix = mode === 'binary' ? 'pr%C3%A4fix%20%25' : 'präfix %';
    expect(events.map(({ subject }) => subject)).toEqual([
      'public.orders',
      'public.orders',
      'public.orders',
      prefix,
    ]);
    expect(events.map((event) => event['partitionkey'])).toEqual([
      'public.orders:1',
      'public.orders:2',
      'public.orders',
      undefined,
    ]);
  });

  test('the data is the walhook event', () => {
    expect(events.map(({ data }) => data)).toMatchObject([
      { op: 'insert', key: { id: 1 }, after: { id: 1, note: 'a "b" ä 漢' } },
      { op: 'update', key: { id: 2 }, before: { id: 1 } },
      { op: 'truncate', table: 'orders' },
      { op: 'message', prefix: 'präfix %', content: 'eA==' },
    ]);
  });

  test('the sequence sorts in commit order', () => {
    const sequences = events.map((event) => String(event['sequence']));
    expect(sequences.toSorted()).toEqual(sequences);
    expect(new Set(sequences).size).toBe(4);
  });
});

describe('as headers', async () => {
  const captured = await captureEvents(`
    create table "t %""ä" (a text, b int, note text, primary key (a, b));
    create table keyless (note text)`);
  const format = cloudeventsFormat(captured.catalog, PLAIN, ATTRIBUTES, 'binary');

  test('what a header cannot hold is percent-encoded, byte by byte', async () => {
    const [event] = await captured.of(`insert into "t %""ä" values (E'x y"%\\n漢\\\\~!', 7)`);
    expect(format.headers!(event!)).toMatchObject({
      'ce-subject': 'public.t%20%25%22%C3%A4',
      'ce-partitionkey': 'public.t%20%25%22%C3%A4:x%20y%22%25%0A%E6%BC%A2\\~!_7',
    });
  });

  test('a row without a key has its table as partition key', async () => {
    const [event] = await captured.of(`insert into keyless values ('x')`);
    expect(format.headers!(event!)).toMatchObject({ 'ce-partitionkey': 'public.keyless' });
  });

  test('a message outside of any transaction has no time, and one without prefix no subject', async () => {
    const [message] = await captured.of(`
      select pg_logical_emit_message(false, '', 'x');
      insert into keyless values ('flushes it')`);
    expect(Object.keys(format.headers!(message!))).toEqual([
      'ce-specversion',
      'ce-id',
      'ce-source',
      'ce-type',
      'ce-sequence',
    ]);
    const structured = cloudeventsFormat(captured.catalog, PLAIN, ATTRIBUTES, 'structured');
    const event = written(structured, message!);
    expect(event).not.toHaveProperty('time');
    expect(event).not.toHaveProperty('subject');
    expect(() => new CloudEvent(event)).not.toThrow();
    expect(event['data']).toEqual(written(walhookFormat(captured.catalog, PLAIN), message!));
  });
});

describe('a key or a prefix that is too long for a header', async () => {
  const captured = await captureEvents('create table long (k text primary key, n int)');
  const format = cloudeventsFormat(captured.catalog, PLAIN, ATTRIBUTES, 'binary');

  test('goes by its hash, the same for the same key, and is whole in the body', async () => {
    const long = `repeat('é', 1000)`;
    const events = await captured.of(`
      insert into long values (${long}, 1);
      update long set n = 2;
      insert into long values (repeat('e', 1000), 1);
      insert into long values (repeat('é', 1001), 1)`);
    const keys = events.map((event) => format.headers!(event)['ce-partitionkey']);
    expect(keys[0]).toMatch(/^public\.long:sha256:[\da-f]{64}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).toBe(`public.long:${'e'.repeat(1000)}`);
    expect(keys[3]).toMatch(/^public\.long:sha256:/);
    expect(keys[3]).not.toBe(keys[0]);
    expect(written(format, events[0]!)).toMatchObject({ key: { k: 'é'.repeat(1000) } });
  });

  test('a subject is left out', async () => {
    const [message] = await captured.of(
      `select pg_logical_emit_message(true, repeat('p', 3000), 'x')`,
    );
    const headers = format.headers!(message!);
    expect(headers).not.toHaveProperty('ce-subject');
    expect(headers).not.toHaveProperty('ce-partitionkey');
  });
});

test('what no attribute may hold is percent-encoded in it, and stands in the data', async () => {
  const captured = await captureEvents(
    `create table "c\n" (k text primary key); create table plain (k text primary key)`,
  );
  const format = cloudeventsFormat(captured.catalog, PLAIN, ATTRIBUTES, 'structured');
  const [odd, c1, noncharacter, allowed, message] = await captured.of(`
    insert into "c\n" values (E'a\tb%');
    insert into plain values (E'x\u0085y\u007f');
    insert into plain values (E'z\uffff');
    insert into plain values ('"%" \\ ä 漢');
    select pg_logical_emit_message(true, E'p\u0001q', 'x')`);
  const attributesOf = (event: typeof odd) => {
    const { subject, partitionkey } = written(format, event!);
    return { subject, partitionkey };
  };
  expect(attributesOf(odd)).toEqual({
    subject: 'public.c%0A',
    partitionkey: 'public.c%0A:a%09b%25',
  });
  expect(written(format, odd!)['data']).toMatchObject({ table: 'c\n', key: { k: 'a\tb%' } });
  expect(attributesOf(c1).partitionkey).toBe('public.plain:x%C2%85y%7F');
  expect(attributesOf(noncharacter).partitionkey).toBe('public.plain:z%EF%BF%BF');
  expect(attributesOf(allowed).partitionkey).toBe('public.plain:"%" \\ ä 漢');
  expect(attributesOf(message).subject).toBe('p%01q');
});
