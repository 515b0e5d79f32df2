import { describe, expect, test } from 'vitest';
import { chosenFormat } from '../../src/config/format-schema.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { problemsOf } from './problems-of.ts';

type Options = Readonly<Record<string, unknown>>;

const HOOKS = { name: 'hooks', type: 'http', url: 'https://example.com/hooks' };
const PRINT = { name: 'print', type: 'stdout' };
const database = { url: 'postgres://u:p@db.example/shop' };

const parse = (endpoint: Options, env: Record<string, string> = {}): ResolvedConfig =>
  parseConfig({ database, endpoints: [endpoint] }, env).config;

const problems = async (endpoint: Options) =>
  (await problemsOf(() => parse(endpoint))).map(({ path, got, wants }) => ({ path, got, wants }));

function formatOf(endpoint: Options) {
  const [parsed] = parse(endpoint).endpoints;
  if (parsed === undefined || parsed.type === 'hook0') throw new Error('no such endpoint');
  return chosenFormat(parsed);
}

const numericOf = (options: Options): unknown =>
  parse({ ...HOOKS, ...options }).endpoints[0]?.values.numeric;

test.each<{ options: Options; choice: object }>([
  { options: {}, choice: { format: 'walhook' } },
  { options: { format: 'supabase' }, choice: { format: 'supabase' } },
  { options: { format: 'hasura' }, choice: { format: 'hasura' } },
  {
    options: { format: 'hasura', hasura: { trigger: 'on_order' } },
    choice: { format: 'hasura', trigger: 'on_order' },
  },
  {
    options: { format: 'sequin', sequin: { consumerName: 'orders_webhook' } },
    choice: { format: 'sequin', consumerName: 'orders_webhook' },
  },
  { options: { format: 'wal2http' }, choice: { format: 'wal2http', columns: 'original' } },
  {
    options: { format: 'wal2http', wal2http: { columns: 'object' } },
    choice: { format: 'wal2http', columns: 'object' },
  },
  {
    options: { format: 'cloudevents' },
    choice: { format: 'cloudevents', mode: 'structured', typePrefix: 'dev.walhook' },
  },
  {
    options: { format: 'cloudevents', cloudevents: { source: '/shop', typePrefix: 'com.shop' } },
    choice: { format: 'cloudevents', mode: 'structured', source: '/shop', typePrefix: 'com.shop' },
  },
  { options: { format: 'debezium' }, choice: { format: 'debezium' } },
  {
    options: { format: 'debezium', debezium: { name: 'shop' } },
    choice: { format: 'debezium', name: 'shop' },
  },
  // An insert that is repeated after a crash would be counted twice, for good.
  { options: { format: 'drasi' }, choice: { format: 'drasi', insertAs: 'update' } },
  {
    options: { format: 'drasi', drasi: { insertAs: 'insert', elementId: 'escaped' } },
    choice: { format: 'drasi', insertAs: 'insert', elementId: 'escaped' },
  },
])('$options is the format $choice', ({ options, choice }) => {
  expect(formatOf({ ...HOOKS, ...options })).toEqual(choice);
  expect(formatOf({ ...PRINT, ...options })).toEqual(choice);
});

describe('one event a request', () => {
  test.each(['structured', 'binary'])('is the default of the mode %s', (mode) => {
    const [endpoint] = parse({ ...HOOKS, format: 'cloudevents', cloudevents: { mode } }).endpoints;
    expect(endpoint).toMatchObject({ batch: { maxEvents: 1, maxBytes: 1_000_000 } });
  });

  test.each(['hasura', 'supabase'])('is that of %s', async (format) => {
    expect(parse({ ...HOOKS, format }).endpoints).toMatchObject([{ batch: { maxEvents: 1 } }]);
    expect(await problems({ ...HOOKS, format, batch: { maxEvents: 2 } })).toEqual([
      {
        path: 'endpoints[0].batch.maxEvents',
        got: '2',
        wants: `1, for the format ${format} sends one event a request`,
      },
    ]);
  });

  test('is not that of the mode batched', () => {
    const batched = { ...HOOKS, format: 'cloudevents', cloudevents: { mode: 'batched' } };
    expect(parse(batched).endpoints).toMatchObject([{ batch: { maxEvents: 500 } }]);
    const small = parse({ ...batched, batch: { maxEvents: 20 } });
    expect(small.endpoints).toMatchObject([{ batch: { maxEvents: 20 } }]);
  });

  test('is all that a mode which allows no more takes', async () => {
    const endpoint = { ...HOOKS, format: 'cloudevents', batch: { maxEvents: 500 } };
    expect(await problems(endpoint)).toEqual([
      {
        path: 'endpoints[0].batch.maxEvents',
        got: '500',
        wants: '1, for cloudevents.mode structured sends one event a request; or the mode batched',
      },
    ]);
  });
});

test.each(['hasura', 'supabase'])('numeric is a number to %s', (format) => {
  expect(numericOf({ format })).toBe('number');
  expect(numericOf({ format, values: { numeric: 'string' } })).toBe('string');
});

test.each([{ consumerId: 'orders' }, { consumerName: '' }, { trigger: 'x' }])(
  '%j is no option of sequin',
  async (sequin) => {
    const [problem] = await problems({ ...HOOKS, format: 'sequin', sequin });
    expect(problem!.path).toBe(`endpoints[0].sequin.${Object.keys(sequin)[0]}`);
  },
);

test('numeric is a number to Drasi unless it is configured, and text to all others', () => {
  expect(numericOf({ format: 'drasi' })).toBe('number');
  expect(numericOf({ format: 'drasi', values: { int8: 'string' } })).toBe('number');
  expect(numericOf({ format: 'drasi', values: { numeric: 'string' } })).toBe('string');
  expect(numericOf({ format: 'debezium' })).toBe('string');
});

test('options of another format are a problem: they would do nothing', async () => {
  const endpoint = {
    ...HOOKS,
    cloudevents: { mode: 'batched' },
    debezium: {},
    drasi: {},
    hasura: {},
    sequin: {},
    wal2http: {},
  };
  expect(await problems(endpoint)).toEqual(
    ['cloudevents', 'debezium', 'drasi', 'hasura', 'sequin', 'wal2http'].map((format) => ({
      path: `endpoints[0].${format}`,
      got: 'a group of options',
      wants: `to be left out, or the format ${format}`,
    })),
  );
});

test.each(['binary', 'batched'])('the mode %s is none for stdout', async (mode) => {
  expect(await problems({ ...PRINT, format: 'cloudevents', cloudevents: { mode } })).toEqual([
    {
      path: 'endpoints[0].cloudevents.mode',
      got: `"${mode}"`,
      wants: 'structured: on stdout each event is a line',
    },
  ]);
});

test("Drasi's path for one change is refused: it takes no list", async () => {
  const url = 'http://drasi.example:9000/sources/shop/events';
  expect(await problems({ ...HOOKS, format: 'drasi', url })).toMatchObject([
    { path: 'endpoints[0].url', wants: 'a URL that ends in /events/batch: Drasi is sent lists' },
  ]);
  expect(() => parse({ ...HOOKS, format: 'drasi', url: `${url}/batch` })).not.toThrow();
});

test('a source of Drasi is named once, and none on stdout', async () => {
  const drasi = { format: 'drasi', drasi: { sourceId: 'shop' } };
  const url = 'http://drasi.example:9000/sources/shop/events/batch';
  const twice = await problems({ ...HOOKS, ...drasi, url });
  const printed = await problems({ ...PRINT, ...drasi });
  expect([...twice, ...printed].map(({ path, wants }) => [path, wants])).toEqual([
    ['endpoints[0].drasi.sourceId', 'to be left out, for the URL names the source already'],
    ['endpoints[0].drasi.sourceId', 'to be left out: stdout is no source of Drasi'],
  ]);
});

test.each<{ cloudevents: Options; wrong: string }>([
  { cloudevents: { source: '' }, wrong: 'source' },
  { cloudevents: { source: 'with a space' }, wrong: 'source' },
  { cloudevents: { source: 'https://shop.example/%zz' }, wrong: 'source' },
  { cloudevents: { typePrefix: 'Com.Shop' }, wrong: 'typePrefix' },
  { cloudevents: { typePrefix: 'com.shop.' }, wrong: 'typePrefix' },
  { cloudevents: { mode: 'batch' }, wrong: 'mode' },
])('refuses $cloudevents', async ({ cloudevents, wrong }) => {
  const found = await problems({ ...HOOKS, format: 'cloudevents', cloudevents });
  expect(found.map(({ path }) => path)).toEqual([`endpoints[0].cloudevents.${wrong}`]);
});

describe('by the environment', () => {
  const url = { HTTP_ENDPOINT_URL: 'https://example.com/hooks' };
  const formatBy = (env: Record<string, string>): unknown => {
    const [endpoint] = parseConfig({ database }, { ...url, ...env }).config.endpoints;
    return endpoint;
  };

  test.each([
    ['json', 'wal2http'],
    ['wal2http', 'wal2http'],
    ['debezium', 'debezium'],
  ])('HTTP_SINK_EVENT_FORMAT %s is the format %s', (word, format) => {
    expect(formatBy({ HTTP_SINK_EVENT_FORMAT: word })).toMatchObject({ format });
  });

  test('each option has a variable, and defaults that hang together follow them', () => {
    expect(
      formatBy({
        HTTP_SINK_EVENT_FORMAT: 'cloudevents',
        WALHOOK_ENDPOINTS_0_CLOUDEVENTS_MODE: 'binary',
        WALHOOK_ENDPOINTS_0_CLOUDEVENTS_SOURCE: '/shop',
      }),
    ).toMatchObject({
      format: 'cloudevents',
      cloudevents: { mode: 'binary', source: '/shop' },
      batch: { maxEvents: 1 },
    });
  });
});
