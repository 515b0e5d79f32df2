import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyHash } from '../../src/changes/change-event.ts';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { pairInList } from '../../src/formats/paired-values.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { ownedEvent } from '../../src/routing/owned-event.ts';
import { compileTransform, type TransformFunction } from '../../src/routing/transform.ts';
import type { TransformEvent } from '../../src/routing/transform-event.ts';
import { captureEveryKind } from '../formats/changes-of-every-kind.ts';
import { type Json, PLAIN, written, writtenText } from '../formats/written.ts';

const { catalog, events } = await captureEveryKind();
const walhook = walhookFormat(catalog, PLAIN);

function transformed(transform: TransformFunction, event: WritableEvent): WritableEvent | null {
  const result = compileTransform('hooks', transform, catalog, PLAIN.values)(event);
  if (result instanceof Promise) throw new Error('the transform is asynchronous');
  return result;
}

const first = (op: string, table: string): WritableEvent =>
  events.find((event) => event.op === op && 'relation' in event && event.relation.table === table)!;

/** The walhook event as it is sent after the transform. */
function sent(transform: TransformFunction, event: WritableEvent): Json {
  return written(walhook, transformed(transform, event)!);
}

const relationsOf = (all: readonly (WritableEvent | null)[]): unknown[] =>
  all.map((event) => event !== null && 'relation' in event && event.relation);

const identity: Readonly<Record<string, TransformFunction>> = {
  'given back': (event) => event,
  copied: (event) => structuredClone(event),
  'put together again': (event) => ({ ...event, after: event.after && { ...event.after } }),
};

describe.each(Object.entries(identity))('an event that is %s', (_, transform) => {
  const place = { database: 'shop', system: '1' };
  const attributes = { source: '/x', typePrefix: 'x' };
  const about = { version: '1', name: 'shop', database: 'shop' };
  const formats: Readonly<Record<string, () => EventFormat>> = {
    walhook: () => walhook,
    cloudevents: () => cloudeventsFormat(catalog, PLAIN, attributes, 'structured'),
    debezium: () => debeziumFormat(catalog, PLAIN, about, pairInList),
    drasi: () => drasiFormat(catalog, PLAIN, 'insert', pairInList),
    wal2http: () => wal2httpFormat(catalog, PLAIN),
    supabase: () => supabaseFormat(catalog, PLAIN),
    hasura: () => hasuraFormat(catalog, PLAIN, { ...place, trigger: 'hooks' }),
    sequin: () => sequinFormat(catalog, PLAIN, { ...place, consumer: { id: 'x', name: 'x' } }),
  };

  test.each(Object.entries(formats))('is the same bytes in %s', (__, create) => {
    const format = create();
    for (const event of events.filter((each) => format.skips?.(each) !== true)) {
      expect(writtenText(format, transformed(transform, event)!)).toBe(writtenText(format, event));
    }
  });

  test('keeps its relation, and so what was compiled for that', () => {
    const results = events.map((event) => transformed(transform, event));
    expect(relationsOf(results)).toEqual(relationsOf(events));
    expect(new Set(relationsOf(results))).toEqual(new Set(relationsOf(events)));
  });
});

test('the event given is the walhook event, each integer exact', () => {
  for (const event of events) {
    const seen: TransformEvent[] = [];
    transformed((given) => void seen.push(given), event);
    const bigs: bigint[] = [];
    const text = JSON.stringify(seen[0], (_, value: unknown) => {
      if (typeof value !== 'bigint') return value;
      bigs.push(value);
      return Number(value);
    });
    expect(JSON.parse(text)).toEqual(written(walhook, event));
    const sentText = writtenText(walhook, event);
    expect(bigs.filter((big) => !sentText.includes(String(big)))).toEqual([]);
  }
});

test('the result of an owned event outlives the bytes it was read from', () => {
  const event = first('insert', 'full_rows');
  if (event.op !== 'insert') throw new Error('it is an insert');
  const bytes = Uint8Array.from(event.new!.bytes);
  const moved = { ...event, new: Object.assign(Object.create(event.new), { bytes }) as never };
  const result = transformed((each) => each, ownedEvent(moved));
  const before = writtenText(walhook, event);
  bytes.fill(0);
  expect(writtenText(walhook, result!)).toBe(before);
});

const putIntoDocument: TransformFunction = (event) => {
  Object.assign(event.after!['jb']!, { x: 1 });
  return event;
};

const renamePerson: TransformFunction = (event) => {
  event.after!['who'] = 'other';
  return event;
};

const loseAndGain: TransformFunction = ({ key, before, after, ...event }) => {
  const { n: _n, ...rest } = after!;
  return { ...event, key, before: { id: before!['id']! }, after: { ...rest, m: 1 } };
};

const otherKey: TransformFunction = (event) => {
  delete event.after!['id'];
  event.key = { tenant: 'a', id: 7 };
  return event;
};

const twoTypes: TransformFunction = (event) => {
  event.after!['n'] = 'two';
  return event;
};

const renameKey: TransformFunction = (event) => {
  event.before = { orderId: event.before!['id']! };
  event.key = { orderId: event.key!['id']! };
  return event;
};

const otherTable: TransformFunction = (event) => {
  event.schema = 'shop';
  event.table = 'things';
  return event;
};

const referToItself: TransformFunction = (event) => {
  const self: Record<string, never> = {};
  Object.assign(self, { self });
  event.after!['jb'] = self;
  return event;
};

describe('values', () => {
  const insert = first('insert', 'everything');
  const set = (name: string, value: unknown): unknown =>
    (
      sent((event) => ({ ...event, after: { ...event.after, [name]: value as never } }), insert)[
        'after'
      ] as Json
    )[name];

  test.each<[string, unknown, unknown]>([
    ['who', 'somebody', 'somebody'],
    ['who', 5, 5],
    ['small', 40_000, 40_000],
    ['small', true, true],
    ['wide', 0.25, 0.25],
    ['wide', Infinity, 'Infinity'],
    ['price', '13.00', '13.00'],
    ['price', 13.5, 13.5],
    ['ok', false, false],
    ['jb', { a: [1, null, { b: 'c' }] }, { a: [1, null, { b: 'c' }] }],
    ['words', ['x', 'y'], ['x', 'y']],
    ['at', '2026-02-01T00:00:00.000000Z', '2026-02-01T00:00:00.000000Z'],
    ['at', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['who', null, null],
    ['added', 'new', 'new'],
    ['added', { deep: [] }, { deep: [] }],
  ])('%s can become %j', (name, value, expected) => {
    expect(set(name, value)).toEqual(expected);
  });

  test('can be of a column with the worst of names', () => {
    expect(Object.keys(sent((event) => withProto(event), insert)['after']!)).toContain('__proto__');
  });

  test('of any kind arrive as they were given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.string(), (value, name) => {
        if (name === '__proto__') return;
        expect(set(name, value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('past 2^53 keep their digits, within documents too', () => {
    const big = 2n ** 62n + 1n;
    const change: TransformFunction = (event) => {
      Object.assign(event.after!, { big, jb: { n: [big] }, who: 'x' });
      return event;
    };
    const text = writtenText(walhook, transformed(change, insert)!);
    expect(text).toContain(`"big":${big}`);
    expect(text).toContain(`"jb":{"n":[${big}]}`);
  });

  test('within a document can be changed in place', () => {
    expect(sent(putIntoDocument, insert)['after']).toMatchObject({ jb: { s: ' a  b ', x: 1 } });
  });

  test('left alone keep every byte beside those that changed', () => {
    const before = writtenText(walhook, insert);
    const after = writtenText(walhook, transformed(renamePerson, insert)!);
    expect(after).toBe(before.replace(/"who":"(?:[^"\\]|\\.)*"/, '"who":"other"'));
  });

  test('that JSON cannot say are refused, but for undefined: that is no value', () => {
    const row = { id: 1n, who: undefined as never };
    expect(sent((event) => ({ ...event, after: row }), insert)['after']).toEqual({ id: 1 });
    for (const value of [() => 1, Symbol('x')]) {
      expect(() => set('who', value)).toThrow(/is no value of a column/);
    }
  });
});

function withProto(event: TransformEvent): TransformEvent {
  Object.defineProperty(event.after, '__proto__', { value: 'own', enumerable: true });
  return event;
}

describe('rows', () => {
  test('lose and gain columns, in key, before, after and unchanged', () => {
    const update = first('update', 'full_rows');
    expect(sent(loseAndGain, update)).toMatchObject({
      key: { id: 1 },
      before: { id: 1 },
      after: { id: 1, m: 1 },
      unchanged: ['body'],
    });
    expect(Object.keys(sent(loseAndGain, update)['after']!)).toEqual(['id', 'm']);
    expect(sent((event) => ({ ...event, unchanged: [] }), update)['unchanged']).toEqual([]);
  });

  test('can have a key that they do not hold', () => {
    const [text] = [sent(otherKey, first('insert', 'full_rows'))];
    expect(text).toMatchObject({ key: { id: 7, tenant: 'a' }, after: { n: 1 } });
    expect(text['after']).not.toHaveProperty('id');
    expect(sent((event) => ({ ...event, key: null }), first('delete', 'full_rows'))).toMatchObject({
      key: null,
      before: { id: 2 },
    });
  });

  test('can have one column of two types', () => {
    expect(sent(twoTypes, first('update', 'full_rows'))).toMatchObject({
      before: { n: 1 },
      after: { n: 'two' },
    });
  });

  test('of a delete are the old key, which can be renamed', () => {
    const event = first('delete', 'toasted');
    expect(sent(renameKey, event)).toMatchObject({ key: { orderId: 2 }, before: { orderId: 2 } });
    expect(sent(renameKey, event)['before']).toEqual({ orderId: 2 });
  });

  test('go to another table, and of one shape to one relation', () => {
    const compiled = compileTransform('hooks', otherTable, catalog, PLAIN.values);
    const results = events
      .filter((event) => event.op === 'insert' && event.relation.table === 'by_nothing')
      .map((event) => compiled(event) as WritableEvent & { relation: unknown });
    expect(results.length).toBeGreaterThan(1);
    expect(new Set(results.map(({ relation }) => relation)).size).toBe(1);
    expect(written(walhook, results[0]!)).toMatchObject({ schema: 'shop', table: 'things' });
    const truncate = events.find(({ op }) => op === 'truncate')!;
    expect(sent(otherTable, truncate)).toMatchObject({ op: 'truncate', table: 'things' });
  });
});

test('a message can be given another prefix and content', () => {
  const message = events.find(({ op }) => op === 'message')!;
  const content = Buffer.from('other').toString('base64');
  expect(sent((event) => ({ ...event, prefix: 'p', content }), message)).toMatchObject({
    prefix: 'p',
    content,
  });
});

test('the lane is that of the event before the transform', () => {
  const event = first('insert', 'full_rows');
  const before = event.op === 'insert' ? keyHash(event) : 0;
  transformed((each) => ({ ...each, key: { id: 99 } }), event);
  expect(event.op === 'insert' && keyHash(event)).toBe(before);
});

test.each([null, undefined])('%s drops the event', (nothing) => {
  expect(transformed(() => nothing, events[0]!)).toBeNull();
});

test('a transform may take its time, and the event it was given stays as it was', async () => {
  const event = first('insert', 'full_rows');
  if (event.op !== 'insert') throw new Error('it is an insert');
  const bytes = Uint8Array.from(event.new!.bytes);
  const moved = { ...event, new: Object.assign(Object.create(event.new), { bytes }) as never };
  const before = writtenText(walhook, event);
  let go!: () => void;
  const waited = new Promise<void>((resolve) => (go = resolve));
  const transform = compileTransform(
    'hooks',
    async (each) => {
      await waited;
      return each;
    },
    catalog,
    PLAIN.values,
  );
  const result = transform(ownedEvent(moved));
  bytes.fill(0);
  go();
  expect(writtenText(walhook, (await result)!)).toBe(before);
});

function failure(message: RegExp): unknown {
  const text = `^Endpoint hooks, event [0-9A-F]{16}-[0-9A-F]{8}: .*${message.source}`;
  return expect.objectContaining({
    name: 'WalhookError',
    code: 'transform_failed',
    message: expect.stringMatching(new RegExp(text)),
  });
}

const explode: TransformFunction = (event) => {
  throw new Error(`boom ${event.op}`);
};

describe('a failure', () => {
  test('names endpoint, event and cause, thrown or rejected', async () => {
    expect(() => transformed(explode, events[0]!)).toThrow(failure(/boom insert/));
    const transform = compileTransform(
      'hooks',
      () => Promise.reject(new Error('later')),
      catalog,
      PLAIN.values,
    );
    await expect(transform(events[0]!)).rejects.toThrow(failure(/later/));
  });

  test.each<[string, RegExp, unknown]>([
    ['a string', /gave a string/, 'x'],
    ['a list', /gave a list/, []],
    ['nothing of an event', /changed id/, {}],
  ])('is a result that is %s', (_, message, result) => {
    expect(() => transformed(() => result as never, events[0]!)).toThrow(failure(message));
  });

  test.each<[RegExp, Record<string, unknown>]>([
    [/changed id, which has to stay "/, { id: 'x' }],
    [/changed op/, { op: 'update' }],
    [/changed lsn/, { lsn: '0/0' }],
    [/changed commit_lsn/, { commit_lsn: '0/0' }],
    [/changed seq, which has to stay \d+/, { seq: 77 }],
    [/changed xid/, { xid: 1 }],
    [/changed committed_at/, { committed_at: null }],
    [/a field extra/, { extra: 1 }],
    [/schema and table have to be names/, { table: '' }],
    [/after has to stay a row/, { after: null }],
    [/an insert has no before/, { before: {} }],
    [/key has to be an object or null, and is a number/, { key: 5 }],
    [/unchanged can lose names/, { unchanged: ['who'] }],
  ])('is an event of which %s', (message, change) => {
    const event = first('insert', 'everything');
    expect(() => transformed((each) => ({ ...each, ...change }), event)).toThrow(failure(message));
  });

  test('is a delete without what it deleted, or a message with a row', () => {
    expect(() =>
      transformed((each) => ({ ...each, before: null }), first('delete', 'full_rows')),
    ).toThrow(failure(/a delete has to keep a before/));
    const message = events.find(({ op }) => op === 'message')!;
    expect(() => transformed((each) => ({ ...each, table: 'x' }), message)).toThrow(
      failure(/table has to stay null/),
    );
    expect(() => transformed((each) => ({ ...each, content: '!' }), message)).toThrow(
      failure(/content has to be base64/),
    );
  });

  test('is a value that refers to itself', () => {
    expect(() => transformed(referToItself, first('insert', 'everything'))).toThrow(
      failure(/circular/),
    );
  });
});
