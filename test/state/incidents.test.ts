import { expect, test } from 'vitest';
import type { Incident, RuleName } from '../../src/health/alerting/incident.ts';
import {
  type ClaimedMessage,
  type IncidentStore,
  MAX_ATTEMPTS,
  type MessageRequest,
} from '../../src/health/alerting/incident-store.ts';
import type { Raised, Resolved } from '../../src/health/alerting/judge.ts';
import { createIncidentStore } from '../../src/state/create-incident-store.ts';
import { openRegisteredStore } from './registered-store.ts';

const START = Date.UTC(2026, 0, 31, 3);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const KEEP = 30 * DAY;
const CHANNELS = ['email', 'webhook'];

const at = (minutes: number) => new Date(START + minutes * MINUTE);

const raised = (changes: Partial<Raised> = {}): Raised => ({
  rule: 'endpoint_down',
  subject: 'billing',
  since: at(0),
  due: true,
  detail: 'HTTP 503',
  ...changes,
});

const resolved: Resolved = { rule: 'endpoint_down', subject: 'billing', detail: 'up again' };

/** One pipeline's incidents, and another process' look at them. */
async function openIncidents() {
  const { database, client } = await openRegisteredStore();
  const pipeline = 'shop';
  const store = createIncidentStore({ client, schema: 'walhook' });
  return {
    database,
    store,
    another: async () =>
      createIncidentStore({ client: await database.client(), schema: 'walhook' }),
    see: (minutes: number, seen: readonly Raised[] = [raised()], by: IncidentStore = store) =>
      by.observe({ pipeline, at: at(minutes), raised: seen, resolved: [], keepMs: KEEP }),
    end: (minutes: number, keepMs = KEEP) =>
      store.observe({ pipeline, at: at(minutes), raised: [], resolved: [resolved], keepMs }),
    claim: (minutes: number, changes: Partial<MessageRequest> = {}, by: IncidentStore = store) =>
      by.claimMessages({
        pipeline,
        at: at(minutes),
        due: [raised()],
        channels: CHANNELS,
        remindMs: 0,
        ...changes,
      }),
    open: () => store.listOpen(pipeline),
    rows: () =>
      database.query<{ detail: string; last_error: string | null; attempts: number }>(
        'select * from walhook.incidents order by opened_at',
      ),
  };
}

const kinds = (messages: readonly ClaimedMessage[]) => messages.map(({ kind }) => kind);

test('what is seen again is the same incident, with what was seen last', async () => {
  const { see, open } = await openIncidents();
  await see(1);
  await see(2, [raised({ detail: 'HTTP 502', since: at(2) })]);
  expect(await open()).toEqual<Incident[]>([
    {
      rule: 'endpoint_down',
      subject: 'billing',
      openedAt: at(0),
      resolvedAt: null,
      detail: 'HTTP 502',
    },
  ]);
});

test('each rule and each subject has its own', async () => {
  const { see, open } = await openIncidents();
  await see(1, [
    raised(),
    raised({ subject: 'search' }),
    raised({ rule: 'lag_bytes', subject: '' }),
  ]);
  expect((await open()).map(({ rule, subject }) => `${rule} ${subject}`).sort()).toEqual([
    'endpoint_down billing',
    'endpoint_down search',
    'lag_bytes ',
  ]);
});

test('many processes that see the same at once open one, and one of them may tell', async () => {
  const { see, claim, another, rows } = await openIncidents();
  const stores = await Promise.all(Array.from({ length: 8 }, another));
  const claims = await Promise.all(
    stores.map(async (store) => {
      await see(1, [raised()], store);
      return claim(1, {}, store);
    }),
  );
  expect(await rows()).toHaveLength(1);
  expect(kinds(claims.flat())).toEqual(['opened']);
});

test('an incident begins no earlier than the last one of its kind ended', async () => {
  const { see, end, open, rows } = await openIncidents();
  await see(1);
  await end(2);
  await see(3);
  expect((await open()).map(({ openedAt }) => openedAt)).toEqual([new Date(at(2).getTime() + 1)]);
  expect(await rows()).toHaveLength(2);
});

test('two that begin and end within one millisecond are two', async () => {
  const { see, end, rows } = await openIncidents();
  for (let times = 0; times < 3; times += 1) {
    await see(0);
    await end(0);
  }
  expect(await rows()).toHaveLength(3);
});

test('a message is due until it is settled, once', async () => {
  const { store, see, claim } = await openIncidents();
  await see(0);
  const [message] = await claim(1);
  expect(message).toMatchObject({ kind: 'opened', attempt: 1, toldAt: null, owed: CHANNELS });
  expect(await claim(1)).toEqual([]);
  await store.settleMessage(message!, {});
  expect(await claim(1_000)).toEqual([]);
});

test('nothing is claimed that is not due', async () => {
  const { see, claim } = await openIncidents();
  await see(0);
  expect(await claim(1, { due: [] })).toEqual([]);
  expect(await claim(1, { due: [raised({ subject: 'search' })] })).toEqual([]);
});

test('what failed is owed again, to those who did not take it', async () => {
  const { store, see, claim, rows } = await openIncidents();
  await see(0);
  const [first] = await claim(1);
  await store.settleMessage(first!, { email: 'mailbox full' });
  expect(await rows()).toMatchObject([{ last_error: '{"email":"mailbox full"}', attempts: 1 }]);
  const [second] = await claim(2);
  expect(second).toMatchObject({ kind: 'opened', attempt: 2, owed: ['email'] });
  await store.settleMessage(second!, {});
  expect(await rows()).toMatchObject([{ last_error: null, attempts: 0 }]);
});

test('a channel that is not configured any more is owed nothing', async () => {
  const { store, see, claim } = await openIncidents();
  await see(0);
  await store.settleMessage((await claim(1))[0]!, { email: 'mailbox full' });
  expect(await claim(2, { channels: ['webhook'] })).toMatchObject([{ owed: [] }]);
});

test('it is tried so often, and then given up', async () => {
  const { database, see, claim } = await openIncidents();
  await see(0);
  await database.query(`update walhook.incidents set attempts = ${MAX_ATTEMPTS - 1}`);
  expect(await claim(1)).toMatchObject([{ attempt: MAX_ATTEMPTS }]);
  expect(await claim(100)).toEqual([]);
});

test('the claim of a process that died is taken over after a minute', async () => {
  const { see, claim } = await openIncidents();
  await see(0);
  expect(await claim(1)).toHaveLength(1);
  expect(await claim(2)).toEqual([]);
  expect(await claim(2.1)).toMatchObject([{ attempt: 2, owed: CHANNELS }]);
});

test('the end of what was told is told, once', async () => {
  const { store, see, end, claim, open } = await openIncidents();
  await see(0);
  await store.settleMessage((await claim(1))[0]!, {});
  await end(30);
  expect(await open()).toEqual([]);
  const [message] = await claim(31, { due: [] });
  expect(message).toMatchObject({
    kind: 'recovered',
    owed: CHANNELS,
    incident: { openedAt: at(0), resolvedAt: at(30), detail: 'up again' },
  });
  expect(await claim(31, { due: [] })).toEqual([]);
  await store.settleMessage(message!, { webhook: 'HTTP 500' });
  const [again] = await claim(32, { due: [] });
  expect(again).toMatchObject({ kind: 'recovered', owed: ['webhook'] });
  await store.settleMessage(again!, {});
  expect(await claim(1_000, { due: [] })).toEqual([]);
});

test('the end of what nobody was told is told to nobody', async () => {
  const { see, end, claim } = await openIncidents();
  await see(0);
  await end(1);
  expect(await claim(2, { due: [] })).toEqual([]);
});

test('an end while the beginning is being sent is told after it', async () => {
  const { store, see, end, claim, rows } = await openIncidents();
  await see(0);
  const [opened] = await claim(1);
  await end(2);
  await store.settleMessage(opened!, { email: 'too late' });
  expect(await rows()).toMatchObject([{ last_error: null }]);
  expect(kinds(await claim(3, { due: [] }))).toEqual(['recovered']);
});

test('a reminder is due after its time, and after the last one', async () => {
  const { store, see, claim } = await openIncidents();
  await see(0);
  await store.settleMessage((await claim(0))[0]!, {});
  const reminded = { remindMs: 60 * MINUTE };
  expect(await claim(59, reminded)).toEqual([]);
  const [first] = await claim(60, reminded);
  expect(first).toMatchObject({ kind: 'reminder', toldAt: at(0), owed: CHANNELS });
  await store.settleMessage(first!, {});
  expect(await claim(119, reminded)).toEqual([]);
  const [failing] = await claim(120, reminded);
  await store.settleMessage(failing!, { email: 'mailbox full' });
  expect(await claim(121, reminded)).toMatchObject([
    { kind: 'reminder', toldAt: at(60), owed: ['email'] },
  ]);
});

test('what ended long ago is forgotten, what is open is not', async () => {
  const { see, end, rows } = await openIncidents();
  await see(0, [raised(), raised({ rule: 'lag_bytes', subject: '' })]);
  await end(1);
  await see(2 + 31 * 1_440, []);
  expect(await rows()).toMatchObject([{ rule: 'lag_bytes' satisfies RuleName }]);
});

test('many messages are told in turns', async () => {
  const { see, claim } = await openIncidents();
  const many = Array.from({ length: 25 }, (_, index) => raised({ subject: `endpoint-${index}` }));
  await see(0, many);
  expect(await claim(1, { due: many })).toHaveLength(20);
  expect(await claim(1, { due: many })).toHaveLength(5);
});

test('text that Postgres cannot hold is stored without what it cannot', async () => {
  const { store, see, claim, rows } = await openIncidents();
  await see(0, [raised({ detail: 'HTTP 500: \0' })]);
  await store.settleMessage((await claim(1))[0]!, { email: 'said \0' });
  expect(await rows()).toMatchObject([{ detail: 'HTTP 500: \uFFFD' }]);
});

test.each(['', 'null', '7', 'no JSON'])(
  'what a message is owed to that was damaged, as %j, makes it owed to every channel',
  async (text) => {
    const { database, see, end, claim } = await openIncidents();
    await see(0);
    await end(1);
    await database.query(
      'update walhook.incidents set last_error = $1, resolved_notified_at = null',
      [text],
    );
    expect(await claim(2, { due: [] })).toMatchObject([{ kind: 'recovered', owed: CHANNELS }]);
  },
);
