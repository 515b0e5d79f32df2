import { z } from 'zod';
import { countNames } from '../routing/name-pattern.ts';
import { besideOtherFaults, text } from './option-notes.ts';
import { identifierFault, identifierWants } from './postgres-names.ts';

const tableWants = 'a table as schema.table, in which * stands for a part of a name';

function column(what: string) {
  return text({ what, wants: identifierWants }, identifierFault).optional();
}

const columnOptions = {
  id: column("The column of the event's own id; without it, id where there is one."),
  type: column("The column of the event's type; without it, type."),
  key: column(
    'The column of what the event is about, whose order is kept; without it, key where there is one.',
  ),
  payload: column('The column of the payload; without it, payload.'),
  headers: column('The column of headers, a JSON object; without it, headers where there is one.'),
  occurredAt: column('The column of when it happened; without it, occurred_at where there is one.'),
};

/** Events in the application's own words. */
export const outbox = z
  .strictObject({
    table: text(
      { what: 'The outbox: each row inserted is an event.', wants: tableWants },
      (given) => {
        const count = countNames(given);
        return count === null || count > 2 ? tableWants : null;
      },
    ).optional(),
    ...columnOptions,
    messages: z
      .strictObject({
        prefix: text({
          what: 'Logical messages of this prefix are events; * stands for a part of it.',
          wants: 'a prefix, like outbox or orders.*',
        }),
      })
      .optional(),
  })
  .superRefine((given: Readonly<Record<string, unknown>>, context) => {
    const { table, messages } = given;
    const report = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (table === undefined && messages === undefined) {
      report('table', `${tableWants}; or messages.prefix`);
    }
    if (table !== undefined) return;
    for (const name of Object.keys(columnOptions)) {
      if (given[name] !== undefined) report(name, 'to be left out, or the table that has it');
    }
  }, besideOtherFaults)
  .optional();

/** What cannot be together with an outbox. Other options may be wrong at the same time. */
export function checkOutbox(endpoint: unknown, context: z.RefinementCtx): void {
  const given = endpoint as Readonly<Record<string, unknown>>;
  if (given['outbox'] === undefined) return;
  const report = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (!['walhook', 'cloudevents'].includes(String(given['format']))) {
    report('format', 'walhook or cloudevents, for an outbox has no other');
  }
  if (given['columns'] !== undefined) {
    report('columns', 'to be left out: an outbox sends what was put into it');
  }
}
