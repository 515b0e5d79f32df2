import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { WalhookConfig } from '../../src/config/schema.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { type Block, blocksOf, tableRows } from './markdown.ts';

type Endpoint = Extract<WalhookConfig['endpoints'][number], { type: 'http' }>;
type Example = { readonly block: Block; readonly delivered: ReceivedRequest };

const page = 'docs/formats.md';
const examples = await deliverExamples();

test('every format but walhook has an example', () => {
  const formats = blocksOf(page)
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => (parse(text) as { format: string }).format);
  const described = tableRows(page, 'format', 'a body is').map(
    ([format]) => /\w+/.exec(format!)![0],
  );
  expect(new Set(['walhook', ...formats])).toEqual(new Set(described));
});

test.each(examples.filter(({ block }) => block.language === 'json'))(
  'line $block.line shows what is delivered',
  ({ block, delivered }) => {
    const shown: unknown = JSON.parse(block.text);
    const sent: unknown = JSON.parse(delivered.body.toString());
    expect(JSON.stringify(withoutPlace(shown), null, 2)).toBe(
      JSON.stringify(withoutPlace(sent), null, 2),
    );
  },
);

test.each(examples.filter(({ block }) => block.language === 'http'))(
  'line $block.line shows the headers that are sent',
  ({ block, delivered }) => {
    const shown = block.text.split('\n').map((line) => line.split(/: (.*)/, 2));
    const sent = Object.entries(delivered.headers).filter(([name]) =>
      /^(ce-|content-type$)/.test(name),
    );
    expect(withoutPlace(Object.fromEntries(shown))).toEqual(withoutPlace(Object.fromEntries(sent)));
  },
);

test('describes the attributes that there are', () => {
  const described = tableRows(page, 'attribute', 'holds').map(([name]) => name);
  const { delivered } = examples.find(({ block }) => block.text.includes('specversion'))!;
  const fixed = new Set(['specversion', 'datacontenttype', 'data']);
  const sent = Object.keys(JSON.parse(delivered.body.toString()) as object);
  expect(described.sort()).toEqual(sent.filter((name) => !fixed.has(name)).sort());
});

/** Runs the page: options, then SQL, then the request that the last statement came in. */
async function deliverExamples(): Promise<Example[]> {
  // Drasi's word for a success; all others take any.
  const receiver = await startReceiver(() => ({ status: 200, body: '{}' }));
  const endpoint: Endpoint = {
    name: 'orders',
    type: 'http',
    url: receiver.url,
    ordering: 'strict',
  };
  let pipeline = await createPipeline({ endpoints: [endpoint] });
  const delivered: Example[] = [];
  for (const block of blocksOf(page)) {
    if (block.language === 'yaml') {
      const options = parse(block.text) as Partial<Endpoint>;
      pipeline = await pipeline.configured({ endpoints: [{ ...endpoint, ...options }] });
    } else if (block.language === 'sql') {
      await pipeline.database.query(block.text);
      expect((await pipeline.drain()).status).toBe('caught_up');
    } else {
      delivered.push({ block, delivered: receiver.requests.at(-1)! });
    }
  }
  return delivered;
}

const NUMBERS_THAT_VARY =
  /^(xid|txId|lsn|oid|relation_id|(final|commit|end)_lsn|ts_(ms|us|ns)|timestamp)$/;
const TEXTS_THAT_VARY = [
  { name: 'event id', pattern: /^[\dA-F]{16}-[\dA-F]{8}$/ },
  { name: 'LSN', pattern: /^[\dA-F]+\/[\dA-F]+$/ },
  { name: 'time', pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/ },
  { name: 'uuid', pattern: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/ },
  { name: 'sequence', pattern: /^\["\d+","\d+"\]$/ },
  { name: 'database', pattern: /^(test_[\da-f]+|shop)$/ },
  { name: 'version', pattern: /^\d+\.\d+\.\d+$/ },
];

/** Where and when it happened differs each time; that it is told, and in which form, does not. */
function withoutPlace(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlace);
  if (typeof value === 'string') {
    return TEXTS_THAT_VARY.find(({ pattern }) => pattern.test(value))?.name ?? value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]): [string, unknown] => [
      name,
      varies(name, inner) ? typeof inner : withoutPlace(inner),
    ]),
  );
}

function varies(name: string, value: unknown): boolean {
  if (name === 'idempotency_key') return typeof value === 'string';
  return typeof value === 'number' && NUMBERS_THAT_VARY.test(name);
}
