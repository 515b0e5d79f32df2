import { expect, test } from 'vitest';
import { hook0Format, type Hook0Options } from '../../src/formats/hook0.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { checkEvent, checkPayload } from '../support/hook0-rules.ts';
import { captureEveryKind } from './changes-of-every-kind.ts';
import { PLAIN, written, writtenText } from './written.ts';

const { events, catalog } = await captureEveryKind();
const walhook = walhookFormat(catalog, PLAIN);

const optionsOf = (options: Partial<Hook0Options> = {}): Hook0Options => ({
  ...PLAIN,
  applicationId: '550e8400-e29b-41d4-a716-446655440000',
  source: '7341/shop',
  service: 'shop',
  eventType: '{service}.{table}.{operation}',
  labels: { table: '{schema}.{table}', operation: '{operation}' },
  eventsTable: null,
  now: () => Date.UTC(2026, 0, 31),
  ...options,
});
const format = (options: Partial<Hook0Options> = {}) => hook0Format(catalog, optionsOf(options));

test('every event is one that Hook0 takes, and its payload is the walhook event to the byte', () => {
  const hook0 = format();
  for (const event of events) {
    const body = checkEvent(written(hook0, event));
    checkPayload(body);
    expect(body.payload).toBe(writtenText(walhook, event));
    expect(body.event_type).toMatch(/^shop\.\w{1,50}\.(insert|update|delete|truncate|message)$/);
  }
});

test('an event has the same id whenever it is written, and no other event has it', () => {
  const ids = events.map((event) => written(format(), event)['event_id']);
  expect(events.map((event) => written(format(), event)['event_id'])).toEqual(ids);
  expect(new Set(ids).size).toBe(events.length);
});

test.each([
  ['application', { applicationId: '6ba7b810-9dad-11d1-80b4-00c04fd430c8' }],
  ['cluster or slot', { source: '7342/shop' }],
])('under another %s it has another id', (_what, options) => {
  const [event] = events;
  expect(written(format(options), event!)['event_id']).not.toBe(
    written(format(), event!)['event_id'],
  );
});

test('the time is that of the commit; what has none has that of now', () => {
  for (const event of events) {
    const { committed_at } = written(walhook, event);
    const { occurred_at } = written(format(), event);
    expect(occurred_at).toBe(committed_at ?? '2026-01-31T00:00:00.000Z');
  }
});
