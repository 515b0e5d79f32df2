import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { createHook0Pipeline, type Hook0Pipeline } from '../support/hook0-pipeline.ts';

const TABLES = `create table events (event_id uuid, event_type text, created_at timestamptz,
  metadata json, payload json, labels json)`;

async function insert({ pipeline }: Hook0Pipeline, note: string): Promise<void> {
  await pipeline.database.query(
    `insert into events (event_type, payload) values ('shop.order.paid', '"${note}"')`,
  );
}

const options = {
  eventsTable: 'public.events',
  ordering: 'strict',
  circuitBreaker: { failures: 3, resetMs: 0 },
} as const;

const notesIn = ({ hook0 }: Hook0Pipeline): string[] => hook0.events.map(({ payload }) => payload);

/** Drains, each in a process of its own as it were, until one has nothing left to do. */
async function drained({ pipeline }: Hook0Pipeline): Promise<DrainReport[]> {
  const reports: DrainReport[] = [];
  do {
    await pipeline.database.query(
      'update walhook.endpoints set next_attempt_at = least(next_attempt_at, now())',
    );
    reports.push(await pipeline.drain());
  } while (reports.at(-1)!.status !== 'caught_up' && reports.length < 20);
  return reports;
}

test.each([
  ['hold', {}],
  ['park', { parkAfterMs: 0 }],
] as const)(
  '%s an event that Hook0 stumbles over again and again, before all others, is refused after some drains',
  async (onUnavailable, parking) => {
    const shop = await createHook0Pipeline(TABLES, { ...options, onUnavailable, ...parking });
    await insert(shop, 'poison');
    await insert(shop, 'good');
    // What its database does not take, Hook0 answers as it answers while that is down.
    let stumbled = 0;
    shop.hook0.interrupt((_call, _nth, body) => {
      if (!body.includes('poison')) return undefined;
      stumbled += 1;
      return 'InternalServerError';
    });

    const reports = await drained(shop);

    expect(reports.length).toBeGreaterThan(3);
    expect(reports.at(-1)).toMatchObject({ status: 'caught_up' });
    expect(notesIn(shop)).toEqual(['"good"']);
    const letters = await shop.pipeline.database.query(
      'select reason, answer_status from walhook.dead_letters',
    );
    expect(letters).toEqual([{ reason: 'rejected', answer_status: 500 }]);
    expect(stumbled).toBe(10);
  },
);

test('an outage that is over before that costs no event', async () => {
  const shop = await createHook0Pipeline(TABLES, options);
  await insert(shop, 'first');
  await insert(shop, 'second');
  shop.hook0.interrupt((call, nth) =>
    call === 'POST /api/v1/event' && nth < 10 ? 'InternalServerError' : undefined,
  );

  const reports = await drained(shop);

  expect(reports[0]).toMatchObject({ status: 'held' });
  expect(reports.at(-1)).toMatchObject({ status: 'caught_up' });
  expect(notesIn(shop)).toEqual(['"first"', '"second"']);
});
