import type { OutboxField } from '../formats/outbox-event.ts';

/** How they are called: columns of a table that are not named otherwise, members of a message. */
export const FIELD_NAMES = {
  id: 'id',
  type: 'type',
  key: 'key',
  payload: 'payload',
  headers: 'headers',
  occurredAt: 'occurred_at',
} as const satisfies Record<OutboxField, string>;

export const FIELDS = Object.keys(FIELD_NAMES) as OutboxField[];
