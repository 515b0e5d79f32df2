import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { problemsOf } from './problems-of.ts';

const configured = (options: Readonly<Record<string, unknown>>) => ({
  database: { url: 'postgres://u:p@db.example/shop' },
  endpoints: [
    {
      name: 'hook0',
      type: 'hook0',
      apiUrl: 'https://api.hook0.com',
      applicationId: '550e8400-e29b-41d4-a716-446655440000',
      apiToken: 'sk_test_0123456789',
      ...options,
    },
  ],
});

const problemOf = async (options: Readonly<Record<string, unknown>>) => {
  const [problem, ...others] = await problemsOf(() => parseConfig(configured(options), {}));
  expect(others).toEqual([]);
  return problem!;
};

test.each([
  ['apiUrl', 'api.hook0.com', "the address of Hook0's API"],
  ['apiUrl', 'https://u:p@api.hook0.com', 'without credentials'],
  ['apiUrl', 'https://api.hook0.com/?a=b', 'query'],
  ['applicationId', 'shop', 'a UUID'],
  ['apiToken', 'two words', 'no spaces'],
  ['eventType', '{service}.{table}', 'three parts'],
  ['eventType', '{service}.{tabel}.{operation}', '{service}, {schema}, {table} and {operation}'],
  ['eventType', 'a.b-c.d', 'of letters, digits, _'],
  ['labels', {}, '1 to 10 labels'],
  ['labels', { a: 'ü'.repeat(26) }, '1 to 50 bytes'],
  ['eventsTable', 'events', 'a table as schema.table'],
  ['registerEventTypes', 'yes', 'true or false'],
  ['format', 'walhook', 'one of'],
  ['batch', { maxEvents: 2 }, 'one of'],
])('%s is refused as %j', async (option, value, wants) => {
  expect(await problemOf({ [option]: value })).toMatchObject({
    path: expect.stringMatching(new RegExp(`^endpoints\\[0\\]\\.${option}`)),
    wants: expect.stringContaining(wants),
  });
});

test('the defaults name every event by its table and what happened', () => {
  const [endpoint] = parseConfig(configured({}), {}).config.endpoints;
  expect(endpoint).toMatchObject({
    eventType: '{service}.{table}.{operation}',
    labels: { service: '{service}', table: '{schema}.{table}', operation: '{operation}' },
    registerEventTypes: true,
    ordering: 'key',
    concurrency: 4,
  });
});

test('a variable turns the registration of types off', () => {
  const env = { WALHOOK_ENDPOINTS_0_REGISTER_EVENT_TYPES: 'false' };
  const [endpoint] = parseConfig(configured({}), env).config.endpoints;
  expect(endpoint).toMatchObject({ registerEventTypes: false });
});

test('events that would cross the network unencrypted are warned of', () => {
  const { warnings } = parseConfig(configured({ apiUrl: 'http://hook0.internal:8081' }), {});
  expect(warnings).toEqual([expect.stringContaining('unencrypted')]);
});
