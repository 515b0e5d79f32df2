import { expect, test } from 'vitest';
import { captureChanges, pick } from '../support/captured-changes.ts';

const changes = await captureChanges(`
  create table docs (
    id int primary key, note text,
    body text, list text[], data jsonb, bytes bytea);
  alter table docs alter body set storage external, alter list set storage external,
    alter data set storage external, alter bytes set storage external;
  create table full_docs (like docs including all);
  alter table full_docs replica identity full;
  create table long_keys (k text primary key, n int);
  alter table long_keys alter k set storage external`);

const long = 5_000;
const values = `repeat('x', ${long}), array[repeat('y', ${long}), null], jsonb_build_object('z', repeat('z', ${long})), convert_to(repeat('b', ${long}), 'UTF8')`;

test('TOASTed values that an update leaves alone are named, and absent from the row', async () => {
  const [insert, update] = await changes.of(`
    insert into docs values (1, 'a', ${values});
    update docs set note = 'b' where id = 1`);
  expect(insert).toMatchObject({
    unchanged: [],
    after: {
      body: 'x'.repeat(long),
      list: ['y'.repeat(long), null],
      data: { z: 'z'.repeat(long) },
      bytes: Buffer.from('b'.repeat(long)).toString('base64'),
    },
  });
  expect(pick(update, 'before', 'after', 'unchanged')).toEqual({
    before: null,
    after: { id: 1, note: 'b' },
    unchanged: ['body', 'list', 'data', 'bytes'],
  });
});

test('a TOASTed value that an update sets, even to null, is in the row', async () => {
  const [update] = await changes.of(`
    update docs set body = repeat('w', ${long}), data = null where id = 1`);
  expect(pick(update, 'after', 'unchanged')).toEqual({
    after: { id: 1, note: 'b', body: 'w'.repeat(long), data: null },
    unchanged: ['list', 'bytes'],
  });
});

test('under replica identity full the old row has the values that the new one leaves out', async () => {
  const [, update] = await changes.of(`
    insert into full_docs values (1, 'a', ${values});
    update full_docs set note = 'b'`);
  expect(update?.['before']).toMatchObject({ note: 'a', body: 'x'.repeat(long) });
  const { unchanged, after } = update as { unchanged: string[]; after: object };
  for (const column of unchanged) expect(after).not.toHaveProperty(column);
  const known = { ...(update?.['before'] as object), ...after };
  expect(known).toMatchObject({ note: 'b', body: 'x'.repeat(long), data: { z: 'z'.repeat(long) } });
});

test('a key that is TOASTed is a key all the same, also where the update leaves it alone', async () => {
  const key = 'k'.repeat(2_600);
  const [insert, update, moved, deleted] = await changes.of(`
    insert into long_keys values ('${key}', 1);
    update long_keys set n = 2;
    update long_keys set k = '${key}2';
    delete from long_keys`);
  expect(insert).toMatchObject({ key: { k: key }, after: { k: key, n: 1 } });
  expect(update).toMatchObject({ key: { k: key }, after: { n: 2 } });
  expect(moved).toMatchObject({ key: { k: `${key}2` }, before: { k: key } });
  expect(deleted).toMatchObject({ key: { k: `${key}2` }, before: { k: `${key}2` }, after: null });
});
