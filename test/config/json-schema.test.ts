import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { blocksOf, pages } from '../docs/markdown.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv({ strict: false }).compile(schema);

const examples = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language, text }) => language === 'yaml' && /^(endpoints|database):/m.test(text))
    .map(({ line, text }) => ({ place: `${page}:${line}`, text })),
);
const endpoint = { name: 'orders', type: 'http', url: 'https://example.com/hooks' };

describe('config.schema.json', () => {
  test('is looked at with every configuration that the documents show', () =>
    expect(examples.length).toBeGreaterThanOrEqual(10));

  test.each(examples)('takes $place', ({ text }) => {
    validate(parse(text));
    expect(validate.errors).toBe(null);
  });

  test('takes a variable where a number, a flag or a choice stands', () => {
    const config = {
      $schema: './node_modules/walhook/config.schema.json',
      drain: { deadlineMs: '${DEADLINE_MS}' },
      endpoints: [{ ...endpoint, ordering: '${ORDERING}', batch: { transactional: '${WHOLE}' } }],
    };
    validate(config);
    expect(validate.errors).toBe(null);
  });

  test.each([
    ['an option that there is not', { drain: { deadline: 1 } }],
    ['a number out of its range', { drain: { deadlineMs: -1 } }],
    ['an option of another kind of endpoint', { endpoints: [{ ...endpoint, apiToken: 'a' }] }],
    ['a format that there is not', { endpoints: [{ ...endpoint, format: 'avro' }] }],
    ['a transform, which only code can hold', { endpoints: [{ ...endpoint, transform: 'x' }] }],
  ])('refuses %s', (_, config) => expect(validate(config)).toBe(false));
});

test('a file may name the schema for editors, and nothing else in that place', () => {
  const given = { database: { url: 'postgres://me@db/shop' }, endpoints: [endpoint] };
  const named = { $schema: './node_modules/walhook/config.schema.json', ...given };
  expect(parseConfig(named, {}).config).toEqual(parseConfig(given, {}).config);
  expect(() => parseConfig({ $schema: 1, ...given }, {})).toThrow('$schema');
});
