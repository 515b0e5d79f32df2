import { z } from 'zod';
import { answers } from './answers-schema.ts';
import { endpointUrlFault, endpointUrlWants } from './endpoint-url.ts';
import { endpointName, valueEncoding } from './event-options.ts';
import { failureOptions } from './failure-options.ts';
import { checkHttpFormat } from './format-faults.ts';
import { formatOptions } from './format-schema.ts';
import { headerNameFault, headers, headerValueFault, headerValueWants } from './http-headers.ts';
import {
  besideOtherFaults,
  choice,
  flag,
  matching,
  optionNotes,
  text,
  wholeNumber,
} from './option-notes.ts';
import { concurrency, ordering, retry, timeoutMs } from './request-options.ts';
import { checkOutbox, outbox } from './outbox-schema.ts';
import { proxy } from './proxy-option.ts';
import { routingOptions } from './routing-options.ts';
import { rateLimitSchema } from './rate-limit-schema.ts';
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

const batchSchema = z
  .strictObject({
    maxEvents: wholeNumber({
      what: 'Events in one request, at the most; with 1, the body is the event itself. CloudEvents one a request have 1 by default, and no other.',
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
    transactional: flag(
      'Requests hold whole transactions, in commit order; one larger than maxBytes goes in parts that tell their number.',
    ).default(false),
  })
  .refine((batch) => !(batch.transactional && batch.maxEvents === 1), {
    path: ['transactional'],
    message: 'false, where maxEvents is 1: each request is one event',
    ...besideOtherFaults,
  });

export const httpEndpointSchema = z
  .strictObject({
    name: endpointName,
    type: z
      .literal('http')
      .register(optionNotes, { what: 'Sends batches of events to a URL.', wants: 'http' }),
    url: text({ what: 'Where to send.', wants: endpointUrlWants, secret: 'url' }, endpointUrlFault),
    method: choice('The request method.', ['POST', 'PUT', 'PATCH']).default('POST'),
    headers: headers.default({}),
    auth: authSchema.optional(),
    signing: signingSchema.optional(),
    ...formatOptions,
    values: valueEncoding,
    ...routingOptions,
    outbox,
    batch: batchSchema.prefault({}),
    ordering,
    concurrency,
    rateLimit: rateLimitSchema.optional(),
    timeoutMs,
    proxy,
    retry,
    answers,
    ...failureOptions,
  })
  .superRefine(checkHttpFormat, besideOtherFaults)
  .superRefine(checkOutbox, besideOtherFaults);
