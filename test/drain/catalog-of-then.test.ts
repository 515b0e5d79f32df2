import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type Event = {
  readonly id: string;
  readonly table: string;
  readonly key: unknown;
  readonly after: Readonly<Record<string, unknown>>;
  readonly before: unknown;
  readonly as_text?: readonly string[];
  readonly key_unknown?: boolean;
};

let isDown = false;
let receiver: Receiver;
let pipeline: TestPipeline;
beforeAll(async () => {
  receiver = await startReceiver(() => (isDown ? 503 : undefined));
  pipeline = await createPipeline(
    { endpoints: [{ name: 'all', type: 'http', url: receiver.url, retry: { attempts: 1 } }] },
    `create type changed_before as (a int, b int);
     alter type changed_before rename attribute a to c;
     create table before_slot (id int primary key, value changed_before)`,
  );
});
beforeEach(async () => {
  isDown = false;
  await drained();
});

const run = (sql: string) => pipeline.database.query(sql);

async function drained(): Promise<readonly Event[]> {
  const before = receiver.events().length;
  const report = await pipeline.drain();
  expect(report.error).toBeNull();
  return receiver.events().slice(before) as unknown as Event[];
}

/** What the endpoint gets at first, and does not take; then it is as if nothing had happened. */
async function refused(): Promise<readonly Event[]> {
  isDown = true;
  const before = receiver.events().length;
  await pipeline.drain();
  isDown = false;
  await pipeline.forgetFailures();
  return receiver.events().slice(before) as unknown as Event[];
}

const address = { street: 'Main st', zip: '12345', n: 1000 };
const addressNow = { road: 'Elm st', n: 1000, city: '5' };

describe('a value whose type was altered after the change', () => {
  test.each([
    { made: 'itself', type: '%s', text: '("Main st",12345,1000)', known: address, now: addressNow },
    {
      made: 'an array of it',
      type: '%s[]',
      text: '{"(\\"Main st\\",12345,1000)"}',
      known: [address],
      now: [addressNow],
    },
    {
      made: 'a domain over it',
      type: 'over_%s',
      text: '("Main st",12345,1000)',
      known: address,
      now: addressNow,
    },
    {
      made: 'a composite with an array of it',
      type: 'with_%s',
      text: '(7,"{""(\\\\""Main st\\\\"",12345,1000)""}")',
      known: { number: 7, places: [address] },
      now: { number: 7, places: [addressNow] },
    },
  ])('is text, and named, where it is $made', async ({ made, type, text, known, now }) => {
    const name = made.replaceAll(/\W/g, '_');
    const column = type.replace('%s', name);
    await run(`create type ${name} as (street text, zip text, n int);
      create domain over_${name} as ${name};
      create type with_${name} as (number int, places ${name}[]);
      create table t_${name} (id int primary key, value ${column}, other int);
      insert into t_${name} values (1, '${text}', 1)`);
    expect(await drained()).toMatchObject([{ after: { id: 1, value: known, other: 1 } }]);

    await run(`insert into t_${name} values (2, '${text}', 2)`);
    await run(`alter type ${name} rename attribute street to road;
      alter type ${name} drop attribute zip;
      alter type ${name} add attribute city text`);
    const [then] = await drained();
    expect(then).toMatchObject({
      key: { id: 2 },
      after: { value: text, other: 2 },
      as_text: ['value'],
    });

    const textNow = text.replace('Main st', 'Elm st').replace('12345,1000', '1000,5');
    await run(`insert into t_${name} values (3, '${textNow}', 3)`);
    const [later] = await drained();
    expect(later).toMatchObject({ after: { value: now } });
    expect(later).not.toHaveProperty('as_text');
  });

  test("is text where it is a table's row", async () => {
    await run(`create table places (a int, b int); create table visits (id int primary key, place places);
      insert into visits values (1, '(1,2)')`);
    expect(await drained()).toMatchObject([{ after: { place: { a: 1, b: 2 } } }]);
    await run(`insert into visits values (2, '(1,2)')`);
    await run('alter table places rename a to x; alter table places rename b to a');
    expect(await drained()).toMatchObject([{ after: { place: '(1,2)' }, as_text: ['place'] }]);
  });

  test('is what it was where it was altered before anything that the slot holds', async () => {
    await run(`insert into before_slot values (1, '(1,2)')`);
    const [event] = await drained();
    expect(event!.after).toEqual({ id: 1, value: { c: 1, b: 2 } });
  });

  test('is the same when it is sent again', async () => {
    await run(`create type again as (a int, b int); create table t_again (id int primary key, value again);
      insert into t_again values (1, '(1,2)')`);
    const first = await refused();
    expect(first).toMatchObject([{ after: { value: { a: 1, b: 2 } } }]);
    await run('alter type again rename attribute a to x');
    expect(await drained()).toEqual(first);
  });
});

describe('a value whose type is gone', () => {
  test('is what it was, where the type was seen before', async () => {
    await run(`create type mood as enum ('sad', 'ok'); create domain percent as int;
      create table moods (id int primary key, mood mood, moods mood[], share percent);
      insert into moods values (1, 'ok', '{sad,ok}', 7)`);
    const first = (await drained()).at(0)!;
    await run(`insert into moods values (2, 'ok', '{sad,ok}', 7)`);
    await run(`alter type mood rename to mood_then; create type mood as enum ('sad', 'ok', 'fine');
      alter table moods alter mood type mood using mood::text::mood,
        alter moods type mood[] using moods::text::mood[], alter share type bigint;
      drop type mood_then; drop domain percent`);
    const [then] = await drained();
    expect(then!.after).toEqual({ ...first.after, id: 2 });
    expect(then!.after).toMatchObject({ moods: ['sad', 'ok'], share: 7 });
    expect(then).not.toHaveProperty('as_text');
  });

  test('is text, and named, where it never was seen', async () => {
    await run(`create type seldom as enum ('a', 'b'); create domain never_seen as int;
      create table seldoms (id int primary key, rare seldom[], share never_seen);
      insert into seldoms values (1, '{a,b}', 7);
      drop table seldoms; drop type seldom; drop domain never_seen`);
    expect(await drained()).toMatchObject([
      { after: { id: 1, rare: '{a,b}', share: '7' }, as_text: ['rare', 'share'] },
    ]);
  });
});

async function createTable(name: string): Promise<void> {
  await run(`create table ${name} (id int primary key, code text not null unique, note text);
    alter table ${name} replica identity full;
    insert into ${name} values (1, 'one', 'first')`);
  expect(await drained()).toMatchObject([{ key: { id: 1 } }]);
}

describe('under replica identity full the key', () => {
  test.each([
    { what: 'its column is renamed', sql: 'alter table %s rename id to number' },
    {
      what: 'it is moved to another column',
      sql: 'alter table %s drop constraint %s_pkey, add primary key (code)',
    },
    { what: 'it is dropped', sql: 'alter table %s drop constraint %s_pkey' },
    { what: 'its column is dropped', sql: 'alter table %s drop column id' },
    { what: 'the table is dropped', sql: 'drop table %s' },
  ])('is what it was, as $what before the change is read', async ({ what, sql }) => {
    const name = `k_${what.replaceAll(/\W/g, '_')}`;
    await createTable(name);
    await run(`update ${name} set note = 'second'`);
    await run(sql.replaceAll('%s', name));
    expect(await drained()).toMatchObject([
      { key: { id: 1 }, before: { id: 1, note: 'first' }, after: { note: 'second' } },
    ]);
  });

  test.each([
    { what: 'renamed', sql: 'alter table %s rename id to number' },
    { what: 'moved', sql: 'alter table %s drop constraint %s_pkey, add primary key (code)' },
    { what: 'gone', sql: 'drop table %s' },
  ])('is the same in an event that is sent again, once it is $what', async ({ what, sql }) => {
    const name = `again_${what}`;
    await createTable(name);
    await run(`update ${name} set note = 'second'`);
    const first = await refused();
    expect(first).toMatchObject([{ key: { id: 1 } }]);
    await run(sql.replaceAll('%s', name));
    expect(await drained()).toEqual(first);
  });

  test('is the new one in what was changed under it, in one drain with what was not', async () => {
    await createTable('two_keys');
    await run(`update two_keys set note = 'second'`);
    await run('alter table two_keys drop constraint two_keys_pkey, add primary key (code)');
    await run(`update two_keys set note = 'third'`);
    expect((await drained()).map(({ key }) => key)).toEqual([{ id: 1 }, { code: 'one' }]);
  });

  test('is found by its place where a column was renamed before anything was read', async () => {
    await run(`create table early (note text, id int primary key);
      alter table early replica identity full;
      insert into early values ('x', 1)`);
    await run('alter table early rename id to number');
    expect(await drained()).toMatchObject([{ key: { id: 1 }, after: { note: 'x', id: 1 } }]);
  });

  test('is said to be unknown where nothing tells it', async () => {
    await run(`create table unknown (id int primary key, code text);
      alter table unknown replica identity full; insert into unknown values (1, 'one')`);
    await run('drop table unknown');
    expect(await drained()).toMatchObject([
      { key: null, key_unknown: true, after: { id: 1, code: 'one' } },
    ]);
  });

  test('has no columns that its index only includes', async () => {
    await run(`create table including (id int, code text, primary key (id) include (code));
      alter table including replica identity full; insert into including values (1, 'one')`);
    expect((await drained()).map(({ key }) => key)).toEqual([{ id: 1 }]);
  });

  test('is none for a table that never had one, and nothing is said of it', async () => {
    await run(`create table keyless (a int); alter table keyless replica identity full;
      insert into keyless values (1)`);
    const [event] = await drained();
    expect(event).toMatchObject({ key: null });
    expect(event).not.toHaveProperty('key_unknown');
  });
});

const partitioned = (name: string) => `
  create table ${name} (id int, code text not null, name text, note text, primary key (id))
    partition by range (id);
  create table ${name}_1 partition of ${name} for values from (0) to (10);
  create table ${name}_2 partition of ${name} for values from (10) to (20);
  create unique index ${name}_code on ${name}_1 (code);`;
const change = (name: string) => `
  insert into ${name} values (1, 'one', 'n', 'x'), (11, 'eleven', 'n', null);
  update ${name} set id = id + 1;
  delete from ${name}`;
// By their ids, for they come in several lanes.
const withOldRows = async () =>
  (await drained())
    .filter(({ before }) => before !== null)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('of a partition with another replica identity than its table', () => {
  test('an old row that was not sent is not told as one', async () => {
    await run(`${partitioned('root_full')} alter table root_full replica identity full;
      alter table root_full_1 replica identity full`);
    await run(change('root_full'));
    expect((await withOldRows()).map(({ key, before }) => ({ key, before }))).toEqual([
      { key: { id: 2 }, before: { id: 1, code: 'one', name: 'n', note: 'x' } },
      { key: { id: 12 }, before: { id: 11 } },
      { key: { id: 2 }, before: { id: 2, code: 'one', name: 'n', note: 'x' } },
      { key: { id: 12 }, before: { id: 12 } },
    ]);
  });

  test('a key that was not sent is said to be unknown, and what was sent is told', async () => {
    await run(`${partitioned('root_default')}
      alter table root_default_1 replica identity using index root_default_code`);
    await run(`insert into root_default values (1, 'one', 'n', 'x');
      update root_default set code = 'two'; delete from root_default`);
    const [update, gone] = await withOldRows();
    expect(update).toMatchObject({ key: { id: 1 } });
    expect(update!.before).toEqual({ code: 'one' });
    expect(gone).toMatchObject({ key: null, key_unknown: true });
    expect(gone!.before).toEqual({ code: 'two' });
  });

  test('the whole old row is told where the partition sends it', async () => {
    await run(`${partitioned('all_full')} alter table all_full replica identity full;
      alter table all_full_1 replica identity full; alter table all_full_2 replica identity full`);
    await run(change('all_full'));
    const events = await withOldRows();
    expect(events.map(({ before }) => before)).toEqual([
      { id: 1, code: 'one', name: 'n', note: 'x' },
      { id: 11, code: 'eleven', name: 'n', note: null },
      { id: 2, code: 'one', name: 'n', note: 'x' },
      { id: 12, code: 'eleven', name: 'n', note: null },
    ]);
  });
});
