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
