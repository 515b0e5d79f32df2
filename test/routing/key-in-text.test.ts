import { beforeAll, expect, test } from 'vitest';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { hook0Format } from '../../src/formats/hook0.ts';
import { keyInText } from '../../src/routing/key-in-text.ts';
import { outboxCloudeventsFormat } from '../../src/formats/outbox-cloudevents.ts';
import { outboxFormat, outboxPayloadFormat } from '../../src/formats/outbox.ts';
import { pairAlone, pairInList } from '../../src/formats/paired-values.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { compileColumnPolicy } from '../../src/routing/column-policy.ts';
import { compileOutbox } from '../../src/routing/outbox.ts';
import { captureEvents } from '../formats/captured-events.ts';
import { PLAIN, writtenText } from '../formats/written.ts';

const { catalog, of } = await captureEvents(`
  create table orders (id int8, region text, note text, primary key (id, region));
  create table keyless (key text, n int);
  create table outbox (id int primary key, type text, key text, payload jsonb)`);

const ATTRIBUTES = { source: '/shop', typePrefix: 'com.shop' };
const SOURCE = { version: '1', name: 'shop', database: 'shop' };
const NAMED = { id: 'x', name: 'x' };
const HOOK0 = {
  ...PLAIN,
  applicationId: '6f1c3a52-0000-4000-8000-000000000001',
  eventType: '{service}.{table}.{operation}',
  labels: {},
  eventsTable: null,
  service: 'shop',
  source: 'shop',
  now: () => 0,
};
const { read } = compileOutbox('hooks', { table: 'outbox' }, catalog, PLAIN.values);
const walhook = walhookFormat(catalog, PLAIN);
const none: ReadonlySet<string> = new Set();

function keyIn(format: EventFormat, event: WritableEvent): unknown {
  const headers = format.headers?.(event) ?? {};
  const relation = event.op === 'message' ? null : event.relation;
  const columns = relation?.keyColumns.map((column) => relation.columns[column]!.name) ?? null;
  const text = keyInText(new TextEncoder().encode(writtenText(format, event)), headers, columns);
  return text;
}

let insert: WritableEvent;
let update: WritableEvent;
let deleted: WritableEvent;
let row: WritableEvent;
let message: WritableEvent;
let posted: WritableEvent;

beforeAll(async () => {
  [insert, update, deleted, row, message, posted] = (await of(`
    insert into orders values (9007199254740993, 'e"u', 'x');
    update orders set region = 'us';
    delete from orders;
    insert into keyless values ('no key', 1);
    select pg_logical_emit_message(true, 'p', 'x');
    insert into outbox values (1, 'order.paid', 'order 1', '{"key": "the application''s", "op": 1}')`)) as [
    WritableEvent,
    WritableEvent,
    WritableEvent,
    WritableEvent,
    WritableEvent,
    WritableEvent,
  ];
});

const FORMATS: readonly (readonly [string, EventFormat])[] = [
  ['walhook', walhook],
  ['cloudevents, structured', cloudeventsFormat(catalog, PLAIN, ATTRIBUTES, 'structured')],
  ['cloudevents, binary', cloudeventsFormat(catalog, PLAIN, ATTRIBUTES, 'binary')],
  ['debezium', debeziumFormat(catalog, PLAIN, SOURCE, pairInList)],
  ['wal2http', wal2httpFormat(catalog, PLAIN)],
  ['hook0', hook0Format(catalog, HOOK0)],
  ['hasura', hasuraFormat(catalog, PLAIN, { trigger: 'x', database: 'x', system: null })],
  ['sequin', sequinFormat(catalog, PLAIN, { consumer: NAMED, database: 'x', system: null })],
  ['supabase', supabaseFormat(catalog, PLAIN)],
];

test.each(FORMATS)('%s: the key is read as it was written, to the last digit', (_name, format) => {
  expect(keyIn(format, insert)).toBe(String.raw`{"id":9007199254740993,"region":"e\"u"}`);
  expect(keyIn(format, deleted)).toBe('{"id":9007199254740993,"region":"us"}');
});

test.each(FORMATS)('%s: a row without a key has none, nor has a message', (_name, format) => {
  // A column that is called so is none.
  const keyless = keyIn(format, row);
  const isTable = keyless === null || keyless === '"public.keyless"';
  expect(isTable).toBe(true);
  const isSkipped = format.skips?.(message) === true;
  expect(isSkipped || keyIn(format, message) === null).toBe(true);
});

test('of two values that are one change, the first tells: the key of before', () => {
  for (const pair of [pairInList, pairAlone]) {
    const format = debeziumFormat(catalog, PLAIN, SOURCE, pair);
    expect(keyIn(format, update)).toBe(String.raw`{"id":9007199254740993,"region":"e\"u"}`);
  }
});

test('Drasi knows a row by its element', () => {
  const format = drasiFormat(catalog, PLAIN, 'update', pairInList);
  expect(keyIn(format, insert)).toBe(String.raw`"orders:9007199254740993_e\"u"`);
  expect(keyIn(format, deleted)).toBe('"orders:9007199254740993_us"');
});

test('what the endpoint was not to see is not told', () => {
  const columns = compileColumnPolicy({ exclude: ['region'], mask: ['orders.id'] });
  const masked = { ...PLAIN, columns };
  expect(keyIn(walhookFormat(catalog, masked), insert)).toBe('{"id":"***"}');
  expect(keyIn(debeziumFormat(catalog, masked, SOURCE, pairInList), insert)).toBe('{"id":"***"}');
});

test('an outbox has the key of its own, and its payload is not searched for one', () => {
  expect(keyIn(outboxFormat(read, walhook), posted)).toBe('"order 1"');
  expect(keyIn(outboxPayloadFormat(read, walhook, none), posted)).toBe('"order 1"');
  for (const mode of ['structured', 'binary'] as const) {
    const others = cloudeventsFormat(catalog, PLAIN, ATTRIBUTES, mode);
    const format = outboxCloudeventsFormat(read, others, ATTRIBUTES, mode, none);
    expect([mode, keyIn(format, posted)]).toEqual([mode, '"order 1"']);
  }
});
