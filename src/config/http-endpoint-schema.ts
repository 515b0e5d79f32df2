import { z } from 'zod';
import { endpointUrlFault, endpointUrlWants } from './endpoint-url.ts';
import { endpointName, eventFormat, valueEncoding } from './event-options.ts';
import { headerNameFault, headers, headerValueFault, headerValueWants } from './http-headers.ts';
import {
  besideOtherFaults,
  choice,
  matching,
  optionNotes,
  text,
  wholeNumber,
} from './option-notes.ts';
import { signingSecretFault, signingSecretWants } from './signing-secret.ts';

const tokenWants = 'a token: visible ASCII characters, no spaces';

const authSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bearer').register(optionNotes, {
      what: 'Sends Authorization: Bearer with the token.',
      wants: 'bearer',
    }),
    token: text(
      { what: 'The bearer token.', wants: tokenWants, secret: 'whole' },
      matching(/^[\x21-\x7e]+$/, tokenWants),
    ),
  }),
  z.strictObject({
    type: z.literal('basic').register(optionNotes, {
      what: 'Sends Authorization: Basic with user and password.',
      wants: 'basic',
    }),
    username: text(
      { what: 'The user name of basic authentication.', wants: 'a name without a colon' },
      matching(/^[^:\p{Cc}]+$/u, 'a name without a colon'),
    ),
    password: text(
      {
        what: 'The password of basic authentication.',
        wants: 'a password without control characters',
        secret: 'whole',
      },
      matching(/^\P{Cc}*$/u, 'a password without control characters'),
    ),
  }),
  z.strictObject({
    type: z
      .literal('header')
      .register(optionNotes, { what: 'Sends a header of your own.', wants: 'header' }),
    name: text({ what: "The header's name.", wants: 'a header name' }, headerNameFault),
    value: text(
      { what: 'The whole value of that header.', wants: headerValueWants, secret: 'whole' },
      (value) => (value === '' ? headerValueWants : headerValueFault(value)),
    ),
  }),
]);

const signingSchema = z.strictObject({
  secrets: z
    .array(
      text(
        { what: 'A signing secret.', wants: signingSecretWants, secret: 'whole' },
        signingSecretFault,
      ),
    )
    .min(1)
    .max(8)
    .register(optionNotes, {
      what: 'Secrets of Standard Webhooks v1. Each signs every request: to rotate, add the new one, then drop the old.',
      wants: `1 to 8 secrets, each ${signingSecretWants}`,
      secret: 'whole',
    }),
});

const batchSchema = z.strictObject({
  maxEvents: wholeNumber({
    what: 'Events in one request, at the most; with 1, the body is the event itself.',
    unit: 'events',
    min: 1,
    max: 10_000,
  }).default(500),
  maxBytes: wholeNumber({
    what: 'Size of one body, at the most. A larger event goes alone.',
    unit: 'bytes',
    min: 1_024,
    max: 128 << 20,
  }).default(1_000_000),
});

const retrySchema = z
  .strictObject({
    attempts: wholeNumber({
      what: 'Tries of one delivery within a drain, the first included.',
      unit: 'tries',
      min: 1,
      max: 100,
    }).default(3),
    minDelayMs: wholeNumber({
      what: 'Wait before the second try, at the most; doubles with each further one, with full jitter.',
      unit: 'ms',
      min: 0,
      max: 3_600_000,
    }).default(250),
    maxDelayMs: wholeNumber({
      what: 'Where the doubling ends. A Retry-After of the endpoint is not bounded by it.',
      unit: 'ms',
      min: 0,
      max: 3_600_000,
    }).default(10_000),
  })
  .refine((retry) => !(retry.minDelayMs > retry.maxDelayMs), {
    path: ['minDelayMs'],
    message: 'no more than maxDelayMs',
    ...besideOtherFaults,
  });

export const httpEndpointSchema = z.strictObject({
  name: endpointName,
  type: z
    .literal('http')
    .register(optionNotes, { what: 'Sends batches of events to a URL.', wants: 'http' }),
  url: text({ what: 'Where to send.', wants: endpointUrlWants, secret: 'url' }, endpointUrlFault),
  method: choice('The request method.', ['POST', 'PUT', 'PATCH']).default('POST'),
  headers: headers.default({}),
  auth: authSchema.optional(),
  signing: signingSchema.optional(),
  format: eventFormat,
  values: valueEncoding,
  batch: batchSchema.prefault({}),
  ordering: choice(
    'strict: commit order over the endpoint, one request at a time. key: commit order within each row key. none: as fast as it goes.',
    ['strict', 'key', 'none'],
  ).default('key'),
  concurrency: wholeNumber({
    what: 'Requests in flight, at the most; ordering strict keeps it at one.',
    unit: 'requests',
    min: 1,
    max: 256,
  }).default(4),
  timeoutMs: wholeNumber({
    what: 'A request without a complete answer after this time has failed.',
    unit: 'ms',
    min: 1,
    max: 900_000,
  }).default(15_000),
  retry: retrySchema.prefault({}),
});
