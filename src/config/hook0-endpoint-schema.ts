import { z } from 'zod';
import { endpointUrlFault } from './endpoint-url.ts';
import { endpointName, valueEncoding } from './event-options.ts';
import { failureOptions } from './failure-options.ts';
import { flag, matching, optionNotes, text, type TextFault } from './option-notes.ts';
import { proxy } from './proxy-option.ts';
import { rateLimitSchema } from './rate-limit-schema.ts';
import { concurrency, ordering, retry, timeoutMs } from './request-options.ts';
import { routingOptions } from './routing-options.ts';

const apiUrlWants =
  "the address of Hook0's API, like https://app.hook0.com/api/v1, without credentials, query and #fragment";

const apiUrlFault: TextFault = (given) =>
  endpointUrlFault(given) === null && new URL(given).search === '' ? null : apiUrlWants;

const uuidWants = 'a UUID';
const uuidFault = matching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, uuidWants);

const placeholders = '{service}, {schema}, {table} and {operation}';
const eventTypeWants = `three parts with a dot between, of letters, digits, _ and ${placeholders}`;

const eventTypeFault: TextFault = (template) => {
  const part = String.raw`(?:\w|\{(?:service|schema|table|operation)\})+`;
  const isTemplate = new RegExp(String.raw`^${part}\.${part}\.${part}$`).test(template);
  return isTemplate ? null : eventTypeWants;
};

const labelsWants = `1 to 10 labels, names and texts of 1 to 50 bytes; a text may hold ${placeholders}`;

const labels = z
  .record(z.string(), z.string())
  .superRefine((given, context) => {
    const entries = Object.entries(given);
    const valid = entries.length >= 1 && entries.length <= 10 && entries.flat().every(fitsLabel);
    if (!valid) context.addIssue({ code: 'custom', message: labelsWants });
  })
  .register(optionNotes, {
    what: 'Labels of an event, which subscriptions choose by; a row of eventsTable may bring its own.',
    wants: labelsWants,
  });

function fitsLabel(part: string): boolean {
  const { length } = new TextEncoder().encode(part);
  return length >= 1 && length <= 50 && !/\p{Cc}/u.test(part);
}

export const hook0EndpointSchema = z.strictObject({
  name: endpointName,
  type: z
    .literal('hook0')
    .register(optionNotes, { what: 'Ingests each event into Hook0.', wants: 'hook0' }),
  apiUrl: text(
    {
      what: "Where Hook0's API is; /api/v1 may be left out.",
      wants: apiUrlWants,
      secret: 'url',
    },
    apiUrlFault,
  ),
  applicationId: text(
    { what: 'The application that gets the events; their ids derive from it.', wants: uuidWants },
    uuidFault,
  ),
  apiToken: text(
    {
      what: 'A service token, or a secret of the application.',
      wants: 'a token: visible ASCII characters, no spaces',
      secret: 'whole',
    },
    matching(/^[\x21-\x7e]+$/, 'a token: visible ASCII characters, no spaces'),
  ),
  eventType: text(
    {
      what: 'Makes the type of an event; {service} is the name of the pipeline. What a type cannot hold becomes _.',
      wants: eventTypeWants,
    },
    eventTypeFault,
  ).default('{service}.{table}.{operation}'),
  labels: labels.default({
    service: '{service}',
    table: '{schema}.{table}',
    operation: '{operation}',
  }),
  eventsTable: text(
    {
      what: 'A table whose inserted rows are the events: event_id, event_type, created_at, metadata, payload, labels.',
      wants: 'a table as schema.table',
    },
    matching(/^[^]+\.[^]+$/, 'a table as schema.table'),
  ).optional(),
  registerEventTypes: flag(
    'Whether event types that the application lacks are registered; without it, their events are refused.',
  ).default(true),
  values: valueEncoding,
  ...routingOptions,
  ordering,
  concurrency,
  rateLimit: rateLimitSchema.default({ requests: 10, perMs: 1_000 }),
  timeoutMs,
  proxy,
  retry,
  ...failureOptions,
});
