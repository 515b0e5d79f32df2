import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { type DrasiServer, startDrasiServer } from '../support/drasi-server.ts';
import { type Hook0Server, startHook0Server } from '../support/hook0-server.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type Block, blocksOf } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';

const server = await startPrivateServer();

describe('docs/hook0.md', () => {
  const blocks = blocksOf('docs/hook0.md');
  const variable = (name: string): string =>
    new RegExp(`${name}=(\\S+)`).exec(blocks.find(ofLanguage('sh'))!.text)![1]!;
  let hook0: Hook0Server;
  let playground: Playground;
  beforeAll(async () => {
    const id = variable('HOOK0_APPLICATION_ID');
    const token = variable('HOOK0_API_TOKEN');
    hook0 = await startHook0Server({ applications: [{ id, token }] });
    playground = await openPlayground(server);
  });
  afterAll(() => playground.close());

  const [setUp, initEvents, drainEvents] = blocks.filter(ofLanguage('sh'));
  const [createEvents, insertEvent] = blocks.filter(ofLanguage('sql'));
  const run = ({ text }: Block) => {
    const names = ['HOOK0_API_URL', 'HOOK0_APPLICATION_ID', 'HOOK0_API_TOKEN'];
    const env = Object.fromEntries(names.map((name) => [name, variable(name)]));
    const address = { HOOK0_API_URL: hook0.url };
    const script = text.replaceAll(variable('HOOK0_API_URL'), hook0.url);
    return succeeded(playground, script, { ...env, ...address });
  };

  test('sends a row of a table', { timeout: 60_000 }, async () => {
    await run(setUp!);
    await playground.sql(`insert into orders values (7, 'new')`);
    await run(setUp!);
    expect(hook0.events.map(({ event_type }) => event_type)).toEqual(['walhook.orders.insert']);
  });

  test('shows an event as it is sent', () => {
    const shown = blocks.find(ofLanguage('json'))!;
    const [event] = hook0.events;
    const expected = JSON.parse(shown.text) as Record<string, unknown>;
    const { payload: _payload, event_id: _id, occurred_at: _time, ...fixed } = expected;
    expect(event).toMatchObject(fixed);
    expect(Object.keys(hook0.sent[0]!)).toEqual(Object.keys(expected));
  });

  test('sends a row that is an event', { timeout: 60_000 }, async () => {
    await playground.sql(createEvents!.text);
    await run(initEvents!);
    await playground.sql(insertEvent!.text);
    await run(drainEvents!);
    expect(hook0.events.at(-1)).toMatchObject({
      event_type: 'shop.order.paid',
      payload: '{"order": 7}',
      labels: { tenant: 'acme' },
    });
  });

  test('has a valid configuration', () => {
    expect(configured(blocks, { HOOK0_API_TOKEN: 'token' })).toMatchObject([
      { type: 'hook0', eventType: 'shop.{table}.{operation}' },
    ]);
  });
});

describe('docs/drasi.md', () => {
  const blocks = blocksOf('docs/drasi.md');
  let drasi: DrasiServer;
  let playground: Playground;
  beforeAll(async () => {
    drasi = await startDrasiServer('shop');
    playground = await openPlayground(server);
  });
  afterAll(() => playground.close());

  test('sends a row as the element that it shows', { timeout: 60_000 }, async () => {
    const script = blocks.find(ofLanguage('sh'))!.text.replace('http://drasi:8080', drasi.url);
    await succeeded(playground, script);
    await playground.sql(`insert into orders values (7, 'new')`);
    await succeeded(playground, script);
    const shown = JSON.parse(blocks.find(ofLanguage('json'))!.text) as {
      operation: string;
      element: { id: string; labels: string[]; properties: Record<string, unknown> };
    };
    const [change] = drasi.graph.changes;
    expect(change).toMatchObject({
      operation: shown.operation,
      id: shown.element.id,
      labels: shown.element.labels,
    });
    const { properties } = drasi.graph.elements.get(shown.element.id)!;
    expect(Object.fromEntries(properties)).toEqual({ ...shown.element.properties, id: 7n });
  });

  test('has a valid configuration', () => {
    expect(configured(blocks)).toMatchObject([{ format: 'drasi', drasi: { sourceId: 'shop' } }]);
  });
});

function ofLanguage(language: string) {
  return (block: Block): boolean => block.language === language;
}

async function succeeded(
  playground: Playground,
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, stderr } = await playground.shell(script, env);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

function configured(blocks: readonly Block[], env: Readonly<Record<string, string>> = {}) {
  const given = parse(blocks.find(ofLanguage('yaml'))!.text) as object;
  const database = { url: 'postgres://me@db/shop' };
  const { config, warnings } = parseConfig({ database, ...given }, env);
  expect(warnings).toEqual([]);
  return config.endpoints;
}
