import { describe, expect, test } from 'vitest';
import { createHook0Pipeline, hook0Application } from '../support/hook0-pipeline.ts';

const rowOf = (tenant: string): string =>
  `insert into events values (gen_random_uuid(), 'shop.order.paid', now(), null, '1',
   '{"tenant": "${tenant}", "": "x", "empty": ""}')`;

describe('a row of the events table', () => {
  const table = `create table events (event_id uuid primary key, event_type text,
    created_at timestamptz, metadata jsonb, payload json, labels jsonb)`;

  test('is the event', async () => {
    const { ingested } = await createHook0Pipeline(table, { eventsTable: 'public.events' });
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    const [event] = await ingested(
      `insert into events values ('${id}', 'shop.order.paid', '2026-01-31 13:00:00.5+01',
       '{"trace":"t1","n":5}', '{"n": 12345678901234567890, "q": "\\"\\\\"}', '{"tenant":"acme","beta":true}')`,
    );
    expect(event).toEqual({
      application_id: hook0Application.id,
      event_id: id,
      event_type: 'shop.order.paid',
      payload_content_type: 'application/json',
      occurred_at: '2026-01-31T12:00:00.5Z',
      labels: { tenant: 'acme' },
      metadata: { trace: 't1' },
      payload: '{"n": 12345678901234567890, "q": "\\"\\\\"}',
    });
  });

  test('has what it lacks from its place: id, time and labels', async () => {
    const { ingested } = await createHook0Pipeline(table.replace(' primary key', ''), {
      eventsTable: 'public.events',
    });
    const events = await ingested(
      `insert into events values (null, 'shop.order.paid', 'infinity', null, null, '{"n":1}')`,
      `insert into events values (null, 'shop.order.paid', null, '[]', '[1]', '[]')`,
    );
    for (const event of events) {
      expect(event.labels).toEqual({
        service: 'walhook',
        table: 'public.events',
        operation: 'insert',
      });
      expect(event).not.toHaveProperty('metadata');
      expect(Date.parse(event.occurred_at)).toBeGreaterThan(Date.UTC(2026, 0));
      expect(event.event_id).toMatch(/^[\da-f-]{36}$/);
    }
    expect(events.map(({ payload }) => payload)).toEqual(['null', '[1]']);
  });

  test('has its metadata cut where it is too long, between two characters', async () => {
    const { ingested } = await createHook0Pipeline(table, { eventsTable: 'public.events' });
    const long = 'é'.repeat(40);
    const [event] = await ingested(
      `insert into events values (gen_random_uuid(), 'shop.order.paid', now(),
       '{"a${long}": "${long}", "": "x", "empty": ""}', '1', null)`,
    );
    expect(event!.metadata).toEqual({ [`a${'é'.repeat(24)}`]: 'é'.repeat(25) });
  });

  test('is set aside where a label is too long: cut, it would be another subscriber’s', async () => {
    const { pipeline, ingested } = await createHook0Pipeline(table, {
      eventsTable: 'public.events',
    });
    const events = await ingested(rowOf('x'.repeat(50)), rowOf('x'.repeat(51)));
    expect(events.map(({ labels }) => labels)).toEqual([{ tenant: 'x'.repeat(50) }]);
    expect(
      await pipeline.database.query('select reason, detail from walhook.dead_letters'),
    ).toEqual([{ reason: 'rejected', detail: expect.stringContaining('a label of 51 bytes') }]);
  });

  test('is sent when it comes, and not when it is tidied away; other tables are as ever', async () => {
    const { ingested } = await createHook0Pipeline(
      `${table}; create table t (id int primary key)`,
      {
        eventsTable: 'public.events',
        ordering: 'strict',
      },
    );
    const events = await ingested(
      `insert into events values (gen_random_uuid(), 'shop.order.paid', now(), null, '1', null)`,
      `update events set payload = '2'`,
      'delete from events',
      'truncate events',
      'insert into t values (1)',
    );
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'shop.order.paid',
      'walhook.t.insert',
    ]);
  });
});
