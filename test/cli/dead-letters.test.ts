import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { instantParser } from '../../src/entry/cli/instant.ts';
import { type RefusingShop, openRefusingShop } from './refusing-shop.ts';
import { ended } from './walhook.ts';

type Listed = { readonly total: number; readonly dead_letters: readonly { readonly id: string }[] };

async function listed({ walhook }: RefusingShop, ...args: readonly string[]): Promise<Listed> {
  const { code, stdout } = await walhook('dead-letters', 'list', '--json', ...args);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Listed;
}

test('list tells the latest first, for people on two lines each and for programs as JSON', async () => {
  const shop = await openRefusingShop();
  const { code, stdout, stderr } = await shop.walhook('dead-letters', 'list', '--limit', '2');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^ {2}id {2}endpoint {2}table {10}key {7}op {6}reason {4}tries {2}when\n {2}3 {3}http {6}public\.orders {2}\{"id":3\} {2}insert {2}rejected {2}1 .* ago\n {6}HTTP 422: no amount\n/,
  );
  expect(stdout.split('\n')).toHaveLength(6);
  expect(stderr).toBe('the latest 2 of 3; --limit shows more\n');
  expect(await listed(shop, '--limit', '1')).toEqual({
    pipeline: 'walhook',
    total: 3,
    dead_letters: [
      {
        id: '3',
        endpoint: 'http',
        event_id: expect.stringMatching(/^[0-9A-F]{16}-00000002$/),
        schema: 'public',
        table: 'orders',
        op: 'insert',
        key: { id: 3 },
        reason: 'rejected',
        detail: 'HTTP 422: no amount',
        attempts: 1,
        answer: { status: 422, body: 'no amount' },
        created_at: expect.stringMatching(/Z$/),
        last_attempt_at: expect.stringMatching(/Z$/),
        has_body: true,
      },
    ],
  });
});

test('letters are selected by endpoint, table, reason, time and id', async () => {
  const shop = await openRefusingShop();
  const ids = async (...args: readonly string[]) =>
    (await listed(shop, ...args)).dead_letters.map(({ id }) => id);
  expect(await ids('--id', '1,3')).toEqual(['3', '1']);
  expect(await ids('--endpoint', 'http', '--table', 'orders', '--reason', 'rejected')).toEqual([
    '3',
    '2',
    '1',
  ]);
  expect(await ids('--table', 'public.customers')).toEqual([]);
  expect(await ids('--until', '1h')).toEqual([]);
  expect(await ids('--since', '1h', '--until', '2100-01-01')).toEqual(['3', '2', '1']);
  const none = await shop.walhook('dead-letters', 'list', '--reason', 'other');
  expect(none).toEqual({ code: 0, stdout: '', stderr: 'there are none\n' });
});

test('show prints the event and the answer; an id that is none is said to be none', async () => {
  const { walhook } = await openRefusingShop();
  const { code, stdout } = await walhook('dead-letters', 'show', '2');
  expect(code).toBe(0);
  expect(stdout).toMatch(/ {2}key +\{"id":2\}\n/);
  expect(stdout).toMatch(/ {2}answer +HTTP 422\n\nwhat came back\nno amount\n\ncontent\n\{"id":/);
  const json = await walhook('dead-letters', 'show', '2', '--json');
  const shown = JSON.parse(json.stdout) as { readonly body: string };
  expect(JSON.parse(shown.body)).toMatchObject({ op: 'insert', after: { id: 2 } });
  const unknown = await walhook('dead-letters', 'show', '99');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/there is no dead letter 99\n {2}code: dead_letter_unknown/);
  expect(await walhook('dead-letters', 'show', 'x')).toMatchObject({ code: 2 });
});

describe('redrive', () => {
  test('ends with 0 where all are taken, and prints what became of each as JSON', async () => {
    const { receiver, walhook } = await openRefusingShop();
    receiver.answerWith(() => 204);
    const { code, stdout } = await walhook('dead-letters', 'redrive', '--all', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      delivered: 3,
      kept: 0,
      dead_letters: ['1', '2', '3'].map((id) => ({ id, endpoint: 'http', outcome: 'delivered' })),
    });
    const again = await walhook('dead-letters', 'redrive', '--all');
    expect(again).toMatchObject({ code: 0, stderr: 'there are none\n' });
  });

  test('takes the oldest that many, and ends with 1 where one is refused again', async () => {
    const { walhook } = await openRefusingShop();
    const { code, stderr } = await walhook('dead-letters', 'redrive', '--all', '--limit', '1');
    expect(code).toBe(1);
    expect(stderr).toBe(
      '1 of "http": refused again, and kept: HTTP 422: no amount\n0 of 1 delivered\n',
    );
  });

  test('ends with 3 where the endpoint is unavailable, or paused', async () => {
    const { receiver, walhook } = await openRefusingShop();
    receiver.answerWith(() => 503);
    const down = await walhook('dead-letters', 'redrive', '--all');
    expect(down.code).toBe(3);
    expect(down.stderr).toContain('2 of "http": left: the endpoint is unavailable');
    await walhook('endpoints', 'pause', 'http', '--reason', 'moving');
    const paused = await walhook('dead-letters', 'redrive', '--id', '1');
    expect(paused.code).toBe(3);
    expect(paused.stderr).toContain('1 of "http": left: the endpoint is paused: moving');
  });

  test('wants to know which, and ids that there are', async () => {
    const { walhook } = await openRefusingShop();
    expect(await walhook('dead-letters', 'redrive')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name some, or say --all'),
    });
    expect(await walhook('dead-letters', 'redrive', '--all', '--id', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exclude each other'),
    });
    expect(await walhook('dead-letters', 'redrive', '--id', '1,99')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no dead letter 99'),
    });
  });

  test('killed while it sends, it loses nothing: the next one sends the same event again', async () => {
    const shop = await openRefusingShop();
    const { receiver, walhook, start } = shop;
    const sentBefore = receiver.requests.length;
    receiver.answerWith(() => 'hang');
    const doomed = start('dead-letters', 'redrive', '--id', '1');
    await receiver.waitFor(({ requests }) => requests.length > sentBefore);
    doomed.kill('SIGKILL');
    await once(doomed, 'close');
    expect(await listed(shop)).toMatchObject({ total: 3 });

    receiver.answerWith(() => 204);
    // The server may need a moment to see that the other session is gone.
    for (;;) {
      const { stderr } = await walhook('dead-letters', 'redrive', '--id', '1');
      if (stderr.endsWith('1 of 1 delivered\n')) break;
    }
    const [first, second] = receiver.requests.slice(sentBefore);
    expect(second!.body.toString()).toBe(first!.body.toString());
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(await listed(shop)).toMatchObject({ total: 2 });
  });

  test('SIGTERM lets it finish what it is sending', async () => {
    const shop = await openRefusingShop();
    const { receiver, start } = shop;
    const child = start('dead-letters', 'redrive', '--all');
    receiver.answerWith(async () => {
      child.kill('SIGTERM');
      await once(child.stderr, 'data');
      return 204;
    });
    const { code, stderr } = await ended(child);
    expect(code).toBe(3);
    expect(stderr).toContain('1 of 3 delivered');
    expect(await listed(shop)).toMatchObject({ total: 2 });
  });
});

describe('discard', () => {
  test('asks on a terminal, and without one needs to be told not to', async () => {
    const shop = await openRefusingShop();
    const { code, stderr } = await shop.walhook('dead-letters', 'discard', '--all');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^This forgets 3 dead letters for good\.\n.*needs --yes/);
    expect(await listed(shop)).toMatchObject({ total: 3 });
  });

  test('forgets those that were selected, and tells how many', async () => {
    const shop = await openRefusingShop();
    const some = await shop.walhook('dead-letters', 'discard', '--id', '2', '--yes', '--json');
    expect(some).toMatchObject({ code: 0, stdout: '{"discarded":1}\n' });
    const oldest = await shop.walhook('dead-letters', 'discard', '--all', '--limit', '1', '--yes');
    expect(oldest).toMatchObject({ code: 0, stderr: expect.stringContaining('discarded 1\n') });
    expect((await listed(shop)).dead_letters.map(({ id }) => id)).toEqual(['3']);
  });
});

test('a time is an instant with its zone, a date, or how long ago', () => {
  const parse = instantParser(() => Date.UTC(2026, 0, 31, 12));
  const given = [
    '90s',
    '15m',
    '1.5h',
    '7d',
    '2026-01-30',
    '2026-01-30T12:00Z',
    '2026-01-30 12:00+02:00',
  ];
  expect(given.map((text) => parse(text).toISOString())).toEqual([
    '2026-01-31T11:58:30.000Z',
    '2026-01-31T11:45:00.000Z',
    '2026-01-31T10:30:00.000Z',
    '2026-01-24T12:00:00.000Z',
    '2026-01-30T00:00:00.000Z',
    '2026-01-30T12:00:00.000Z',
    '2026-01-30T10:00:00.000Z',
  ]);
  for (const wrong of ['', 'yesterday', '2026-01-30T12:00', '2026-13-01', '5', '01/02/2026']) {
    expect(() => parse(wrong)).toThrow('It has to be a time like');
  }
});
