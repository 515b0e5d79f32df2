import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import type { WritableEvent } from '../../src/formats/event-format.ts';
import { pairInList } from '../../src/formats/paired-values.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { type ColumnOptions, compileColumnPolicy } from '../../src/routing/column-policy.ts';
import { compileTransform } from '../../src/routing/transform.ts';
import { captureEvents } from '../formats/captured-events.ts';
import { type Json, PLAIN, written, writtenText } from '../formats/written.ts';

const EMAIL = 'secret@example.com';
const NUMBER = 123_456_789;

const { catalog, of } = await captureEvents(`
  create table users (email text primary key, n int, note text, body text);
  alter table users alter email set storage external, alter body set storage external;
  create table full_users (email text primary key, n int, note text, body text);
  alter table full_users replica identity full;
  alter table full_users alter body set storage external;
  create schema other;
  create table other.users (email text primary key, n int)`);

const statements = (table: string): string => `
  insert into ${table} values ('${EMAIL}', ${NUMBER}, 'x', repeat('${EMAIL}', 500));
  update ${table} set note = null;
  update ${table} set email = '${EMAIL}.new';
  delete from ${table}`;
const events = await of(`${statements('users')};\n${statements('full_users')};
  insert into other.users values ('${EMAIL}', ${NUMBER})`);

function sentWith(options: ColumnOptions, table = 'users'): Json[] {
  const format = walhookFormat(catalog, { ...PLAIN, columns: compileColumnPolicy(options) });
  return events
    .filter((event) => 'relation' in event && event.relation.table === table)
    .map((event) => written(format, event));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('asked for nothing, there is no policy', () => {
  expect(compileColumnPolicy(undefined)).toBeNull();
  expect(compileColumnPolicy({})).toBeNull();
  expect(compileColumnPolicy({ exclude: [], mask: [] })).toBeNull();
});

test('what is excluded is nowhere: not in the key, before, after or unchanged', () => {
  const [insert, update, moved, deleted] = sentWith({ exclude: ['email', 'body'] });
  expect(insert).toMatchObject({ key: null, after: { n: NUMBER, note: 'x' }, unchanged: [] });
  expect(insert!['after']).toEqual({ n: NUMBER, note: 'x' });
  expect(update).toMatchObject({ after: { n: NUMBER, note: null }, unchanged: [] });
  expect(moved).toMatchObject({ key: null, before: {} });
  expect(deleted).toMatchObject({ key: null, before: {}, after: null });
  const [, full] = sentWith({ exclude: ['email', 'body'] }, 'full_users');
  expect(full!['before']).toEqual({ n: NUMBER, note: 'x' });
});

test('only what is included is there', () => {
  const [insert] = sentWith({ include: ['email', 'n'] });
  expect(insert!['after']).toEqual({ email: EMAIL, n: NUMBER });
  const [without] = sentWith({ include: ['*', '!users.note', '!public.*.body'] });
  expect(without!['after']).toEqual({ email: EMAIL, n: NUMBER });
});

test('a mask takes the place of every value but null, wherever it stands', () => {
  const [insert, update, moved, deleted] = sentWith({ mask: ['email', 'n', 'note', 'body'] });
  const masked = { email: '***', n: '***', note: '***', body: '***' };
  expect(insert).toMatchObject({ key: { email: '***' }, after: masked });
  expect(update).toMatchObject({ after: { note: null }, unchanged: ['body'] });
  expect(moved).toMatchObject({ key: { email: '***' }, before: { email: '***' } });
  expect(deleted).toMatchObject({ key: { email: '***' }, before: { email: '***' } });
});

test('a hash is the SHA-256 of the text, the same wherever it stands', () => {
  const [insert, , moved] = sentWith({ hash: ['email', 'n', 'note'] });
  expect(insert).toMatchObject({
    key: { email: sha256(EMAIL) },
    after: { email: sha256(EMAIL), n: sha256(String(NUMBER)), note: sha256('x') },
  });
  expect(moved).toMatchObject({
    key: { email: sha256(`${EMAIL}.new`) },
    before: { email: sha256(EMAIL) },
    after: { note: null },
  });
});

test('a hash under a key is an HMAC', () => {
  const [insert] = sentWith({ hash: ['email'], hashKey: 'sesame' });
  const expected = createHmac('sha256', 'sesame').update(EMAIL).digest('hex');
  expect(insert).toMatchObject({ key: { email: expected }, after: { email: expected } });
});

test('the strictest of several rules holds', () => {
  const [insert] = sentWith({ exclude: ['email'], mask: ['email', 'n'], hash: ['n', 'note'] });
  expect(insert!['after']).not.toHaveProperty('email');
  expect(insert).toMatchObject({ after: { n: '***', note: sha256('x') } });
});

test('a rule of one table is not one of another', () => {
  const everywhere = sentWith({ mask: ['email'] });
  expect(everywhere.map(({ after }) => (after as Json | null)?.['email'])).toEqual([
    '***',
    '***',
    '***',
    undefined,
    '***',
  ]);
  for (const [pattern, own, other] of [
    ['users.email', '***', '***'],
    ['public.users.email', '***', EMAIL],
    ['other.*.email', EMAIL, '***'],
    ['full_users.email', EMAIL, EMAIL],
  ] as const) {
    const sent = sentWith({ mask: [pattern] });
    expect([sent[0]!['after'], sent[4]!['after']]).toMatchObject([
      { email: own },
      { email: other },
    ]);
  }
});

describe('no format tells', () => {
  const formats = {
    walhook: walhookFormat,
    wal2http: wal2httpFormat,
    supabase: supabaseFormat,
    hasura: (...given) => hasuraFormat(...given, { trigger: 'x', database: 'x', system: null }),
    sequin: (...given) =>
      sequinFormat(...given, { consumer: { id: 'x', name: 'x' }, database: 'x', system: null }),
    drasi: (...given) => drasiFormat(...given, 'insert', pairInList),
    cloudevents: (...given) =>
      cloudeventsFormat(...given, { source: '/x', typePrefix: 'x' }, 'structured'),
    debezium: (...given) =>
      debeziumFormat(...given, { version: '1', name: 'x', database: 'x' }, pairInList),
  } satisfies Record<string, typeof walhookFormat>;
  const secret = ['email', 'n', 'body'];
  const policies: [string, ColumnOptions][] = [
    ['excluded', { exclude: secret }],
    ['masked', { mask: secret }],
    ['hashed', { hash: secret }],
  ];

  test.each(
    Object.entries(formats).flatMap(([name, create]) =>
      policies.map(([what, options]) => ({ name, what, create, options })),
    ),
  )('$name, what is $what, also after a transform', ({ create, options }) => {
    const format = create(catalog, { ...PLAIN, columns: compileColumnPolicy(options) });
    const copy = compileTransform(
      'hooks',
      (event) => structuredClone(event),
      catalog,
      PLAIN.values,
    );
    for (const event of events.filter((every) => format.skips?.(every) !== true)) {
      for (const each of [event, copy(event) as WritableEvent]) {
        const text = writtenText(format, each);
        expect(text).not.toContain(EMAIL);
        expect(text).not.toContain(String(NUMBER));
        expect(JSON.parse(`[${text}]`)).toBeTruthy();
      }
    }
  });
});
