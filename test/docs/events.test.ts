import { describe, expect, test } from 'vitest';
import { createPipeline, lsnOf } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { type Block, blocksOf, readPage, tableRows } from './markdown.ts';
import { signingSecret } from '../support/secrets.ts';

type Json = Record<string, unknown>;
type Example = { readonly block: Block; readonly shown: Json; readonly delivered: Json };

const page = 'docs/events.md';
const examples = await deliverExamples();

describe('docs/events.md', () => {
  test('shows every kind of event', () => {
    const shown = examples.map(({ shown: { op } }) => op);
    expect(new Set(shown)).toEqual(
      new Set(['insert', 'update', 'delete', 'truncate', 'message', undefined]),
    );
  });

  test.each(examples)('line $block.line shows what is delivered', ({ shown, delivered }) => {
    expect(JSON.stringify(withoutPlace(shown), null, 2)).toBe(
      JSON.stringify(withoutPlace(delivered), null, 2),
    );
  });

  test.each(examples)('line $block.line has an id that fits its place', ({ shown }) => {
    for (const event of eventsOf(shown)) {
      const lsn = lsnOf(String(event['commit_lsn'])).toString(16).toUpperCase().padStart(16, '0');
      const seq = Number(event['seq']).toString(16).toUpperCase().padStart(8, '0');
      expect(event['id']).toBe(`${lsn}-${seq}`);
      expect(event['committed_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
  });

  test('describes the fields that there are, in their order', () => {
    const described = tableRows(page, 'field', 'holds').flatMap(([names]) =>
      names!.split(', ').map((name) => name.replaceAll('`', '')),
    );
    const insert = examples.find(({ delivered: { op } }) => op === 'insert')!;
    expect(described).toEqual(Object.keys(insert.delivered));
  });

  test('describes the headers that are sent', async () => {
    const described = tableRows(page, 'header', 'holds').flatMap(([names]) =>
      names!.split(', ').map((name) => name.replaceAll('`', '')),
    );
    const { headers } = await requestWithSignature();
    const ofHttp = new Set(['host', 'connection', 'content-length']);
    const sent = Object.keys(headers).filter((name) => !ofHttp.has(name));
    expect(described.sort()).toEqual(sent.sort());
  });

  test('gives examples of values that are written so', async () => {
    const { delivered, written } = await valueExamples();
    expect(written.length).toBeGreaterThan(15);
    for (const example of written) expect(delivered).toContain(example);
  });
});

/** Runs the page: each SQL block is followed by the events that it shows, the last ones it made. */
async function deliverExamples(): Promise<Example[]> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline({
    endpoints: [{ name: 'orders', type: 'http', url: receiver.url, ordering: 'strict' }],
  });
  const delivered: Example[] = [];
  for (const block of blocksOf(page)) {
    if (block.language === 'sql') {
      for (const statement of block.text.split(/;\n|;$/)) {
        if (statement.trim() !== '') await pipeline.database.query(statement);
      }
      expect((await pipeline.drain()).status).toBe('caught_up');
    } else {
      const shown = JSON.parse(block.text) as Json;
      const last = JSON.parse(receiver.requests.at(-1)!.body.toString()) as { events: Json[] };
      delivered.push({ block, shown, delivered: 'events' in shown ? last : last.events.at(-1)! });
    }
  }
  return delivered;
}

async function requestWithSignature() {
  const receiver = await startReceiver();
  const secret = signingSecret('events');
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'a', type: 'http', url: receiver.url, signing: { secrets: [secret] } }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  await pipeline.drain();
  return receiver.requests[0]!;
}

/** The JSON of the value table's examples, each of which stands in a delivered row. */
async function valueExamples(): Promise<{ delivered: string; written: string[] }> {
  const values = [
    `9007199254740993::int8`,
    `12.50::numeric(10, 2)`,
    `'NaN'::numeric`,
    `0.1::float8`,
    `'Infinity'::float8`,
    `true`,
    `'1234.5'::money`,
    `'{"a": 1}'::jsonb`,
    String.raw`'\x00ff10'::bytea`,
    `'2026-01-31 10:00:00.123456+00'::timestamptz`,
    `'2026-01-31 12:00:00.5'::timestamp`,
    `'2026-01-31'::date`,
    `'1 year 2 months -3 days 04:05:06.7'::interval`,
    `'infinity'::date`,
    `'0044-03-15 BC'::date`,
    `'{{1,2},{NULL,4}}'::int4[]`,
    `row(1.50, null)::price`,
    `7::positive`,
    `'public.orders'::regclass`,
    `'pg_class'::regclass`,
    `'[1,5)'::int4range`,
  ];
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'a', type: 'http', url: receiver.url }] },
    `create table orders (id int primary key);
     create type price as (amount numeric, since date);
     create domain positive as int4 check (value > 0);
     create table shaped as select ${values.map((value, i) => `${value} as c${i}`).join(', ')}`,
  );
  await pipeline.database.query('insert into shaped table shaped');
  await pipeline.drain();
  const written = readPage(page)
    .split('\n')
    .filter((line) => line.startsWith('|') && line.split('|').length === 5)
    .flatMap((line) => line.split('|')[3]!.split('`, `'))
    .map((cell) => cell.trim().replaceAll('`', ''))
    .filter((cell) => cell !== '' && isJson(cell));
  return { delivered: receiver.requests[0]!.body.toString(), written };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function eventsOf(shown: Json): Json[] {
  return Array.isArray(shown['events']) ? (shown['events'] as Json[]) : [shown];
}

/** Where and when it happened differs each time; that it is told, and in which order, does not. */
function withoutPlace(json: Json): Json {
  const entries = Object.entries(json).map(([name, value]): [string, unknown] => {
    if (name === 'events') return [name, (value as Json[]).map(withoutPlace)];
    if (name === 'source') return [name, Object.keys(value as Json)];
    const varies = ['id', 'xid', 'lsn', 'commit_lsn', 'committed_at'].includes(name);
    return [name, varies ? typeof value : value];
  });
  return Object.fromEntries(entries);
}
