import { beforeEach, describe, expect, test } from 'vitest';
import { readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { openRefusingShop, type RefusingShop } from './refusing-shop.ts';
import { type ServedApp, serveApp } from './served-app.ts';

let shop: RefusingShop;
let app: ServedApp;

beforeEach(async () => {
  shop = await openRefusingShop();
  app = await serveApp(shop.config);
});

const statesOf = async (path = '/api/endpoints') => {
  const { json } = await app.ask(path);
  return (json['endpoints'] as { name: string; state: string }[]).map(({ state }) => state);
};

describe('what there is to read', () => {
  test('the status is what the command line prints', async () => {
    const { json } = await app.ask('/api/status');
    const printed = await withPipeline(shop.config, nodePlatform, (access) =>
      readStatus(access, Date.now()),
    );
    const { slot, ...rest } = JSON.parse(JSON.stringify(printed)) as Record<string, unknown>;
    expect(json).toMatchObject(rest);
    expect(Object.keys(json['slot'] as object)).toEqual(Object.keys(slot as object));
  });

  test('runs come the latest first, as many as are asked for', async () => {
    await shop.database.query(`insert into orders values (4)`);
    await app.post('/drain');
    const { json } = await app.ask('/api/runs');
    expect(json['runs']).toMatchObject([
      { status: 'caught_up', report: { events: 1 } },
      { status: 'caught_up', report: { events: 3 } },
    ]);
    const one = await app.ask('/api/runs?limit=1');
    expect(one.json['runs']).toHaveLength(1);
    expect((await app.ask('/api/runs?limit=1001')).status).toBe(400);
  });

  test('dead letters are listed by what they are selected by, without their content', async () => {
    const { json } = await app.ask('/api/dead-letters?table=public.orders&reason=rejected&limit=2');
    expect(json).toMatchObject({
      total: 3,
      dead_letters: [
        { id: shop.letters[2], endpoint: 'hooks', table: 'orders', key: { id: 3 }, has_body: true },
        { id: shop.letters[1], answer: { status: 422, body: 'no amount' } },
      ],
    });
    const none = await app.ask('/api/dead-letters?since=2999-01-01T00:00:00Z');
    expect(none.json).toMatchObject({ total: 0, dead_letters: [] });
    expect((await app.ask('/api/dead-letters?since=yesterday')).status).toBe(400);
  });

  test('one dead letter is shown with the event', async () => {
    const { json } = await app.ask(`/api/dead-letters/${shop.letters[0]}`);
    expect(JSON.parse(String(json['body']))).toMatchObject({ op: 'insert', after: { id: 1 } });
    const gone = await app.ask('/api/dead-letters/999999');
    expect(gone).toMatchObject({ status: 404, json: { code: 'dead_letter_unknown' } });
    expect((await app.ask('/api/dead-letters/9999999999999999999')).status).toBe(400);
  });
});

describe('an endpoint', () => {
  test('is paused with a reason and resumed, and a drain acts accordingly', async () => {
    const paused = await app.post('/api/endpoints/hooks/pause', { reason: 'moving', park: true });
    expect(paused).toMatchObject({ status: 200, json: { parks: true, reason: 'moving' } });
    expect(await statesOf()).toEqual(['paused']);
    const before = shop.receiver.requests.length;
    await shop.database.query('insert into orders values (4)');
    const parked = await app.post('/drain');
    expect(parked.json['endpoints']).toMatchObject([{ parked: 1 }]);
    expect(shop.receiver.requests).toHaveLength(before);
    expect((await app.post('/api/endpoints/hooks/resume')).json).toMatchObject({ resumed: true });
    expect((await app.post('/api/endpoints/hooks/resume')).json).toMatchObject({ resumed: false });
    shop.receiver.answerWith(() => 204);
    await app.post('/drain');
    expect(shop.receiver.events().at(-1)).toMatchObject({ after: { id: 4 } });
  });

  test('that nobody configured is no endpoint, and the one that was meant is named', async () => {
    const answer = await app.post('/api/endpoints/hoks/pause');
    expect(answer).toMatchObject({ status: 404, json: { code: 'endpoint_unknown' } });
    expect(answer.json['detail']).toContain('did you mean "hooks"?');
    expect((await app.post('/api/endpoints/hoks/resume')).status).toBe(404);
  });
});

describe('dead letters', () => {
  test('are sent again by a selection, in order; what is confirmed is gone', async () => {
    shop.receiver.answerWith(() => 204);
    const sent = shop.receiver.requests.length;
    const { json } = await app.post('/api/dead-letters/redrive', { endpoint: 'hooks', limit: 2 });
    expect(json).toMatchObject({
      delivered: 2,
      kept: 0,
      dead_letters: [{ id: shop.letters[0] }, { id: shop.letters[1] }],
    });
    const events = shop.receiver.requests.slice(sent).flatMap((request) => request.events);
    expect(events.map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }]);
    expect((await app.ask('/api/dead-letters')).json).toMatchObject({ total: 1 });
  });

  test('that are refused again are kept, with the answer', async () => {
    shop.receiver.answerWith(() => ({ status: 422, body: 'still no amount' }));
    const { status, json } = await app.post('/api/dead-letters/redrive', { ids: shop.letters });
    expect(status).toBe(200);
    expect(json).toMatchObject({ delivered: 0, kept: 3 });
    expect(json['dead_letters']).toMatchObject([
      { outcome: 'refused', answer: { status: 422, body: 'still no amount' } },
      { outcome: 'refused' },
      { outcome: 'refused' },
    ]);
  });

  test('are forgotten for good', async () => {
    const some = await app.post('/api/dead-letters/discard', { ids: [shop.letters[0]] });
    expect(some.json).toEqual({ discarded: 1 });
    const gone = await app.post('/api/dead-letters/discard', { ids: [shop.letters[0]] });
    expect(gone).toMatchObject({ status: 404, json: { code: 'dead_letter_unknown' } });
    expect((await app.post('/api/dead-letters/discard', { all: true })).json).toEqual({
      discarded: 2,
    });
    expect((await app.post('/api/dead-letters/discard', { all: true })).json).toEqual({
      discarded: 0,
    });
  });

  test.each([
    [undefined],
    [{}],
    [{ all: false }],
    [{ all: true, endpoint: 'hooks' }],
    [{ ids: [] }],
    [{ ids: [1] }],
    [{ ids: ['one'] }],
    [{ ids: '1' }],
    [{ endpoint: '' }],
    [{ endpoint: 'hooks', limits: 3 }],
    [{ endpoint: { $ne: null } }],
  ])('are left alone by a slip: %j', async (body) => {
    for (const what of ['redrive', 'discard']) {
      expect((await app.post(`/api/dead-letters/${what}`, body)).status).toBe(400);
    }
    expect((await app.ask('/api/dead-letters')).json).toMatchObject({ total: 3 });
  });

  test('of a name that is SQL are none', async () => {
    const name = `x' or '1'='1`;
    const { json } = await app.post('/api/dead-letters/discard', { endpoint: name });
    expect(json).toEqual({ discarded: 0 });
  });
});
