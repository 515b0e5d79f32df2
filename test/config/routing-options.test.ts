import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact } from '../../src/config/redact.ts';
import type { ResolvedEndpoint } from '../../src/config/endpoint-schema.ts';
import { problemsOf } from './problems-of.ts';

const database = { url: 'postgres://u:p@db/shop' };

function endpointWith(options: object, env: Record<string, string> = {}): ResolvedEndpoint {
  const endpoint = { name: 'hooks', type: 'http', url: 'https://example.com/hooks', ...options };
  return parseConfig({ database, endpoints: [endpoint] }, env).config.endpoints[0]!;
}

/** What is said of the options, each as `place: wants`. */
async function saidOf(options: object): Promise<string[]> {
  const problems = await problemsOf(() => endpointWith(options));
  return problems.map(({ path, wants }) => `${path.replace('endpoints[0].', '')}: ${wants}`);
}

const saidOfWhere = async (condition: unknown): Promise<string[]> =>
  (await saidOf({ filter: { where: condition } })).map((said) => said.replace('filter.where', ''));

test('what is not asked for is not there', () => {
  expect(endpointWith({})).not.toHaveProperty('filter');
  expect(endpointWith({})).not.toHaveProperty('columns');
  expect(endpointWith({})).not.toHaveProperty('transform');
});

test('YAML has all of it but functions', () => {
  const text = `
    filter:
      tables: [public.orders, 'public.orders_*', '!public.audit']
      operations: [insert, update]
      prefixes: ['orders.*']
      where:
        after.status: paid
        after.amount: { gt: 100, lt: '9007199254740993' }
        or:
          - before.status: { changed: true }
          - not: { key.id: { in: [1, 2] } }
    columns:
      include: ['*']
      exclude: [ssn]
      mask: [users.email]
      hash: ['public.*.phone']
      hashKey: \${HASH_KEY}`;
  const { filter, columns } = endpointWith(parse(text) as object, { HASH_KEY: 'key of hashes' });
  expect(filter?.where).toEqual({
    'after.status': 'paid',
    'after.amount': { gt: 100, lt: '9007199254740993' },
    or: [{ 'before.status': { changed: true } }, { not: { 'key.id': { in: [1, 2] } } }],
  });
  expect(filter?.tables).toHaveLength(3);
  expect(columns?.hashKey).toBe('key of hashes');
});

const where = (): boolean => true;
const transform = (): null => null;

test('TypeScript has functions too, which stay what they are', () => {
  expect(endpointWith({ filter: { where }, transform })).toMatchObject({
    filter: { where },
    transform,
  });
});

test('the environment has lists, and conditions as JSON', () => {
  const env = {
    DATABASE_URL: database.url,
    EVENT_SINK: 'stdout',
    WALHOOK_ENDPOINTS_0_FILTER_TABLES: 'public.orders, !audit',
    WALHOOK_ENDPOINTS_0_FILTER_WHERE: '{"after.status": {"ne": "new"}}',
    WALHOOK_ENDPOINTS_0_COLUMNS_MASK: 'email',
  };
  expect(parseConfig(null, env).config.endpoints[0]).toMatchObject({
    filter: { tables: ['public.orders', '!audit'], where: { 'after.status': { ne: 'new' } } },
    columns: { mask: ['email'] },
  });
});

describe('a function as text is refused', () => {
  test('in a file', async () => {
    expect(
      await saidOf({ transform: '(event) => event', filter: { where: 'event.after' } }),
    ).toEqual([
      'filter.where: conditions like { after.status: paid }, or a function in a .ts or .js file',
      'transform: a function, which only a .ts or .js file can hold',
    ]);
  });

  test('in the environment', async () => {
    const env = { DATABASE_URL: database.url, WALHOOK_ENDPOINTS_0_TRANSFORM: '(e) => e' };
    expect(await problemsOf(() => parseConfig(null, { ...env, EVENT_SINK: 'stdout' }))).toEqual([
      {
        path: 'endpoints[0].transform',
        variable: 'WALHOOK_ENDPOINTS_0_TRANSFORM',
        got: '"(e) => e"',
        wants: 'a function, which only a .ts or .js file can hold',
      },
    ]);
  });
});

test('patterns of names are names', async () => {
  expect(await saidOf({ filter: { tables: ['a.b.c', 'public.', '', '"open'] } })).toEqual(
    [0, 1, 2, 3].map(
      (index) =>
        `filter.tables[${index}]: a table as schema.table, in which * stands for a part of a name`,
    ),
  );
  expect(
    endpointWith({ filter: { tables: ['"my.schema".orders', '*.*', '!*.audit'] } }),
  ).toBeTruthy();
  expect(await saidOf({ columns: { mask: ['a.b.c.d'] } })).toEqual([
    'columns.mask[0]: a column, as column, table.column or schema.table.column',
  ]);
  expect(await saidOf({ filter: { operations: ['upsert'] } })).toEqual([
    'filter.operations[0]: insert, update, delete, truncate or message',
  ]);
});

test('an operation that no event has is refused, wherever it is named: it would let nothing through', async () => {
  const wants = 'insert, update, delete, truncate or message';
  const operations = ['insert', 'read'];
  expect(await saidOf({ filter: { operations } })).toEqual([`filter.operations[1]: ${wants}`]);
  expect(await saidOf({ filter: { operations: [] } })).toEqual([
    'filter.operations: a list of one or more of insert, update, delete, truncate, message',
  ]);
  expect(await saidOfWhere({ op: 'read' })).toEqual([`.op: ${wants}`]);
  expect(await saidOfWhere({ or: [{ op: { in: ['insert', 'r'] } }] })).toEqual([
    `.or[0].op.in[1]: ${wants}`,
  ]);
  expect(await saidOfWhere({ not: { op: { ne: 'read' } } })).toEqual([`.not.op.ne: ${wants}`]);
  expect(endpointWith({ filter: { where: { op: { prefix: 'ins' } } } })).toBeDefined();
});

describe('conditions', () => {
  test.each<[unknown, string]>([
    [{}, ': a condition at the least'],
    [5, ': conditions like { after.status: paid }, or a function in a .ts or .js file'],
    [
      { status: 'paid' },
      '.status: after.<column>, before.<column>, key.<column>, op, schema, table, prefix, and, or, or not',
    ],
    [
      { 'after.': 'paid' },
      '["after."]: after.<column>, before.<column>, key.<column>, op, schema, table, prefix, and, or, or not',
    ],
    [{ 'after.a': ['x'] }, '["after.a"]: one value, or { in: [ … ] } for several'],
    [
      { 'after.a': {} },
      '["after.a"]: a value, or eq, ne, in, notIn, gt, gte, lt, lte, exists, isNull, like, prefix, changed',
    ],
    [
      { 'after.a': { equals: 1 } },
      '["after.a"].equals: one of eq, ne, in, notIn, gt, gte, lt, lte, exists, isNull, like, prefix, changed',
    ],
    [{ 'after.a': { gt: null } }, '["after.a"].gt: a text or a number'],
    [{ 'after.a': 2 ** 53 }, '["after.a"]: a number up to 2^53, or a larger one in quotes'],
    [{ 'after.a': { in: 'x' } }, '["after.a"].in: a list of values'],
    [{ 'after.a': { in: [[]] } }, '["after.a"].in[0]: a text or a number'],
    [{ 'after.a': { exists: 1 } }, '["after.a"].exists: true or false'],
    [{ 'after.a': { like: 1 } }, '["after.a"].like: a text'],
    [
      { op: { changed: true } },
      '.op.changed: one of eq, ne, in, notIn, gt, gte, lt, lte, exists, isNull, like, prefix, changed',
    ],
    [{ or: { op: 'insert' } }, '.or: a list of conditions'],
    [{ or: [{ and: [{}] }] }, '.or[0].and[0]: a condition at the least'],
    [{ not: 'x' }, '.not: conditions by path, like { after.status: paid }'],
  ])('%j', async (condition, said) => {
    expect(await saidOfWhere(condition)).toEqual([said]);
  });

  test('are told of all at once, with what stands there', async () => {
    const condition = { status: 'paid', 'after.a': { gt: true, like: 5 } };
    const problems = await problemsOf(() => endpointWith({ filter: { where: condition } }));
    expect(problems.map(({ got }) => got)).toEqual(['"paid"', 'true', '5']);
  });
});

describe('an outbox', () => {
  test('is a table, a prefix of messages, or both', async () => {
    const outbox = { table: 'public.outbox', type: 'topic', messages: { prefix: 'orders.*' } };
    expect(endpointWith({ outbox })).toMatchObject({ outbox });
    expect(endpointWith({ outbox, format: 'cloudevents' })).toMatchObject({ outbox });
    expect(await saidOf({ outbox: {} })).toEqual([
      'outbox.table: a table as schema.table, in which * stands for a part of a name; or messages.prefix',
    ]);
    expect(await saidOf({ outbox: { messages: { prefix: 'x' }, type: 'topic' } })).toEqual([
      'outbox.type: to be left out, or the table that has it',
    ]);
    expect(await saidOf({ outbox: { table: 'a.b.c' } })).toEqual([
      'outbox.table: a table as schema.table, in which * stands for a part of a name',
    ]);
  });

  test('has no format of rows, and no policy of columns', async () => {
    const given = { outbox: { table: 'outbox' }, format: 'wal2http', columns: { mask: ['x'] } };
    expect(await saidOf(given)).toEqual([
      'format: walhook or cloudevents, for an outbox has no other',
      'columns: to be left out: an outbox sends what was put into it',
    ]);
  });
});

test('the key of hashes is a secret', async () => {
  const columns = { hash: ['ssn'], hashKey: 'sesame of hashes' };
  const redact = createRedact({ endpoints: [{ columns }] });
  expect(redact('it was sesame of hashes')).toBe('it was ***');
  expect(
    await problemsOf(() => endpointWith({ columns: { hashKey: 'sesame of hashes' } })),
  ).toEqual([
    expect.objectContaining({
      path: 'endpoints[0].columns.hashKey',
      got: '*** (16 characters)',
      wants: 'to be left out, or columns to hash',
    }),
  ]);
});
