import { describe, expect, test } from 'vitest';
import { createIncidentStore } from '../../src/state/create-incident-store.ts';
import { keysOf, redrive } from '../operations/refused-events.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { acquire, deadLetter, openRegisteredStore, progressOf } from './registered-store.ts';

const SAID = 'Dienst nicht verfügbar ✗ 不可用 😀';
const ESCAPED = String.raw`Dienst nicht verf\u00fcgbar \u2717 \u4e0d\u53ef\u7528 \ud83d\ude00`;

const endpointTo = (name: string, url: string) =>
  ({ name, type: 'http', url, ordering: 'strict', retry: { attempts: 1 } }) as const;

describe.each([
  ['LATIN1', ESCAPED],
  ['EUC_JP', ESCAPED],
  // The server keeps what it is sent.
  ['SQL_ASCII', SAID],
])('in a database in %s', (encoding, kept) => {
  test('what somebody else said is stored, in every table', async () => {
    const { client, store } = await openRegisteredStore('walhook', encoding);
    const lease = await acquire(store);
    await store.saveProgress(lease, 60_000, [
      progressOf({ endpoint: 'bad', state: 'held', reason: SAID }),
      progressOf({ endpoint: 'good', delivered: 3 }),
    ]);
    await store.pauseEndpoint('shop', 'bad', { reason: SAID, parks: false });
    expect(await store.loadEndpoints('shop')).toMatchObject([
      { endpoint: 'bad', reason: kept, pause: { reason: kept } },
      { endpoint: 'good', delivered: 3n },
    ]);

    const report = { error: SAID };
    const at = new Date('2026-01-31T12:00:00Z');
    const run = { runId: 'a', pipeline: 'shop', startedAt: at, finishedAt: at, status: 'held' };
    for (const _ of [1, 2]) await store.recordRun({ ...run, report }, 1_000);
    expect(await store.listRuns('shop', 1)).toEqual([{ ...run, report }]);

    const incidents = createIncidentStore({ client, schema: 'walhook' });
    const rule = 'endpoint_down';
    await incidents.observe({
      pipeline: 'shop',
      at,
      raised: [{ rule, subject: 'bad', since: at, due: false, detail: SAID }],
      resolved: [],
      keepMs: 1_000,
    });
    expect(await incidents.listOpen('shop')).toMatchObject([{ rule, detail: kept }]);
  });

  test('a dead letter is the same event, and can be sent', async () => {
    const { store } = await openRegisteredStore('walhook', encoding);
    const body = JSON.stringify({ [SAID]: SAID, odd: '\\u2717 \0' });
    const headers = { 'x-odd': SAID };
    const answer = { status: 422, body: SAID };
    const letter = deadLetter({ body, headers, detail: SAID, answer, schema: 'a', table: SAID });
    await store.addDeadLetters(await acquire(store), [letter]);
    const [stored] = await store.listDeadLetters('shop', {}, 1);
    expect(JSON.parse(stored!.body!)).toEqual(JSON.parse(body));
    expect(stored).toMatchObject({
      table: kept,
      headers,
      detail: kept,
      answer: { status: 422, body: kept },
    });

    await store.redriveDeadLetter('shop', stored!.id, () =>
      Promise.resolve({ kind: 'failed', detail: `${SAID}!`, answer }),
    );
    expect(await store.listDeadLetters('shop', {}, 1)).toMatchObject([
      { detail: `${kept}!`, answer: { body: kept }, attempts: 2 },
    ]);
  });

  test('an endpoint that answers in other characters harms nobody, and gets its dead letters', async () => {
    const down = await startReceiver(() => ({ status: 503, body: SAID }));
    const refusing = await startReceiver(() => ({ status: 422, body: SAID }));
    const good = await startReceiver();
    const endpoints = [
      endpointTo('down', down.url),
      endpointTo('refusing', refusing.url),
      endpointTo('good', good.url),
    ];
    const pipeline = await createPipeline(
      { endpoints },
      'create table t (id int primary key, note text)',
      undefined,
      encoding,
    );
    await pipeline.database.query(`insert into t select n, 'ü' from generate_series(1, 3) n`);
    for (const _ of [1, 2]) expect(await pipeline.drain()).toMatchObject({ error: null });
    expect(good.events()).toHaveLength(3);

    const sentBefore = refusing.requests.length;
    refusing.answerWith(() => 204);
    const told = await redrive(pipeline.config, await keysOf(pipeline));
    expect(told.map(({ outcome }) => outcome)).toEqual(Array(3).fill('delivered'));
    const again = refusing.requests.slice(sentBefore).flatMap(({ events }) => events);
    expect(again).toEqual(good.events());
  });
});
