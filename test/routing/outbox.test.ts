import { type CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { compileOutbox, type OutboxOptions } from '../../src/routing/outbox.ts';
import { outboxFormat, outboxPayloadFormat } from '../../src/formats/outbox.ts';
import { outboxCloudeventsFormat } from '../../src/formats/outbox-cloudevents.ts';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import { captureEvents } from '../formats/captured-events.ts';
import { PLAIN, written, writtenText } from '../formats/written.ts';

const { catalog, of } = await captureEvents(`
  create table outbox (id uuid primary key, type text, key text, payload jsonb, headers jsonb,
    occurred_at timestamptz, more int);
  create table bare (n int primary key, type text, payload json);
  create table events (id int primary key, topic text, about int8, body text);
  create table orders (id int primary key)`);

const UUID = '6f1c3a52-0000-4000-8000-000000000001';
const worded = `{"type" : "order.paid", "key":7, "x": [1, {"y": "]"}],
  "payload": {"n": 12345678901234567890, "s": "a\\"}b"} , "headers": {"a": "b"}}`;
const events = await of(`
  insert into outbox values ('${UUID}', 'order.paid', 'order-1', '{"n": 12345678901234567890, "a": 1.50}',
    '{"X-Tenant": "shop", "Tracking": "ä b", "n": 5, "nested": {}, "Content-Length": "0", "webhook-id": "x",
      "Authorization": "stolen", "bad name": "x", "X-Set": "theirs"}', '2026-01-31 12:00:00+00', 1);
  insert into outbox values (gen_random_uuid(), null, null, null, null, null, null);
  update outbox set more = 2 where more = 1;
  delete from outbox;
  truncate outbox;
  insert into bare values (1, 'bare', '[1,
    2]');
  insert into events values (1, 'topic', 9007199254740993, 'body');
  insert into orders values (1);
  select pg_logical_emit_message(true, 'app.worded', '${worded}');
  select pg_logical_emit_message(true, 'app.json', '{"any": "json"}');
  select pg_logical_emit_message(true, 'app.text', 'hällo');
  select pg_logical_emit_message(true, 'app.bytes', '\\xff00'::bytea);
  select pg_logical_emit_message(true, 'other', '{}')`);
const [paid, empty] = events as [WritableEvent, WritableEvent];

const compiled = (options: OutboxOptions) => compileOutbox('hooks', options, catalog, PLAIN.values);
const walhook = walhookFormat(catalog, PLAIN);
const wanted = (options: OutboxOptions): WritableEvent[] => events.filter(compiled(options).wants);
const outboxed = (options: OutboxOptions): EventFormat =>
  outboxFormat(compiled(options).read, walhook);

test('only what is put into the outbox is an event, not its housekeeping', () => {
  expect(wanted({ table: 'outbox' })).toEqual([paid, empty]);
  expect(wanted({ table: 'public.out*' })).toEqual([paid, empty]);
  expect(wanted({ messages: { prefix: 'other' } })).toHaveLength(1);
  expect(wanted({ table: 'bare', messages: { prefix: 'app.*' } })).toHaveLength(5);
});

test('an event has its own words and its place', () => {
  const { commit_lsn, lsn, seq, xid, committed_at, id } = written(walhook, paid);
  const event = written(outboxed({ table: 'outbox' }), paid);
  expect(event).toMatchObject({
    id,
    outbox_id: UUID,
    type: 'order.paid',
    key: 'order-1',
    headers: { 'X-Tenant': 'shop' },
    occurred_at: '2026-01-31T12:00:00.000000Z',
  });
  expect(event).toMatchObject({ commit_lsn, lsn, seq, xid, committed_at });
  expect(writtenText(outboxed({ table: 'outbox' }), paid)).toContain(
    '"payload":{"a": 1.50, "n": 12345678901234567890}',
  );
});

test('what an event does not have is null', () => {
  expect(written(outboxed({ table: 'outbox' }), empty)).toMatchObject({
    type: null,
    key: null,
    payload: null,
    headers: null,
    occurred_at: null,
  });
  const bare = wanted({ table: 'bare' })[0]!;
  expect(written(outboxed({ table: 'bare' }), bare)).toMatchObject({
    outbox_id: null,
    type: 'bare',
    key: null,
    payload: [1, 2],
  });
  expect(writtenText(outboxed({ table: 'bare' }), bare)).not.toContain('\n');
});

test('columns can have other names', () => {
  const options = { table: 'events', type: 'topic', key: 'about', payload: 'body' };
  const [event] = wanted(options);
  expect(written(outboxed(options), event!)).toMatchObject({ type: 'topic', payload: 'body' });
  expect(writtenText(outboxed(options), event!)).toContain('"key":9007199254740993');
});

test.each<[OutboxOptions, string]>([
  [{ table: 'orders' }, "type, which is the outbox's type"],
  [{ table: 'bare', key: 'about' }, "about, which is the outbox's key"],
])('a column that is missing is named: %j', (options, message) => {
  expect(() => wanted(options)).toThrow(
    expect.objectContaining({
      code: 'outbox_failed',
      message: expect.stringMatching(`^Endpoint hooks, event .* has no column ${message}$`),
    }),
  );
});

describe('a logical message', () => {
  const options = { messages: { prefix: 'app.*' } };
  const messages = wanted(options);

  test('can word an event as a row does, its payload copied', () => {
    expect(written(outboxed(options), messages[0]!)).toMatchObject({
      outbox_id: null,
      type: 'order.paid',
      key: 7,
      headers: { a: 'b' },
    });
    const text = writtenText(outboxed(options), messages[0]!);
    expect(text).toContain('"payload":{"n": 12345678901234567890, "s": "a\\"}b"},');
  });

  test.each([
    ['app.json', { any: 'json' }],
    ['app.text', 'hällo'],
    ['app.bytes', '/wA='],
  ])('of the prefix %s is a payload of that type', (type, payload) => {
    const message = messages.find((event) => 'prefix' in event && event.prefix === type)!;
    expect(written(outboxed(options), message)).toMatchObject({ type, payload, key: null });
  });
});

describe('alone in a request', () => {
  const format = outboxPayloadFormat(
    compiled({ table: 'outbox' }).read,
    walhook,
    new Set(['x-set']),
  );

  test('the payload is the body', () => {
    expect(writtenText(format, paid)).toBe('{"a": 1.50, "n": 12345678901234567890}');
    expect(writtenText(format, empty)).toBe('null');
  });

  test('all else is headers, of which none takes the place of another', () => {
    expect(format.headers?.(paid)).toEqual({
      'walhook-type': 'order.paid',
      'walhook-key': 'order-1',
      'x-tenant': 'shop',
      tracking: '%C3%A4%20b',
      n: '5',
    });
    expect(format.headers?.(empty)).toEqual({});
  });
});

describe('as a CloudEvent', () => {
  const attributes = { source: '/shop', typePrefix: 'dev.walhook' };
  const read = compiled({ table: 'outbox', messages: { prefix: 'app.*' } }).read;
  const format = (mode: 'structured' | 'binary'): EventFormat =>
    outboxCloudeventsFormat(
      read,
      cloudeventsFormat(catalog, PLAIN, attributes, mode),
      attributes,
      mode,
      new Set(),
    );

  test.each(['structured', 'binary'] as const)('in %s mode the SDK reads it', (mode) => {
    for (const [event, expected] of [
      [paid, { type: 'order.paid', subject: 'order-1', time: '2026-01-31T12:00:00.000000Z' }],
      [empty, { type: 'dev.walhook.outbox', subject: undefined }],
    ] as const) {
      const headers = {
        ...format(mode).headers?.(event),
        'content-type': format(mode).contentType,
      };
      const body = writtenText(format(mode), event);
      const parsed = HTTP.toEvent({ headers, body }) as CloudEvent<unknown>;
      expect(parsed.validate()).toBe(true);
      expect(parsed).toMatchObject({ source: '/shop', type: expected.type });
      expect(parsed.subject).toBe(expected.subject);
      expect(body).toContain(event === paid ? '{"a": 1.50, "n": 12345678901234567890}' : 'null');
    }
  });

  test('its own headers go beside it', () => {
    expect(format('structured').headers?.(paid)).toMatchObject({ 'x-tenant': 'shop' });
    expect(format('binary').headers?.(paid)).toMatchObject({ 'ce-type': 'order.paid', n: '5' });
  });
});

test('a key that is a number counts by its value, however it is written', async () => {
  const { laneHash } = compiled({ messages: { prefix: '*' } });
  const texts = ['1', '1.0', '1.00', '"1.0"', '0', '-0', '-0.0', '10', '2.5', '2.50', '"2.5a0"'];
  const messages = await of(
    texts
      .map(
        (key) =>
          `select pg_logical_emit_message(true, 'm', '{"type":"t","key":${key},"payload":1}')`,
      )
      .join(';\n'),
  );
  const hashes = messages.map(laneHash);
  const place = hashes.map((hash) => texts[hashes.indexOf(hash)]);
  expect(place).toEqual(['1', '1', '1', '1', '0', '0', '0', '10', '2.5', '2.5', '"2.5a0"']);
});

test('the lane is that of the key, and events without one are spread', () => {
  const { laneHash } = compiled({ table: 'outbox', messages: { prefix: 'app.*' } });
  const worded7 = events.find((event) => 'prefix' in event && event.prefix === 'app.worded')!;
  expect(laneHash(paid)).toBe(laneHash({ ...paid, seq: 99 }));
  expect(laneHash(paid)).not.toBe(laneHash(worded7));
  expect(laneHash(empty)).not.toBe(laneHash({ ...empty, seq: 99 }));
  expect(laneHash(events.at(-1)!)).toBeNull();
});
