import { z } from 'zod';
import { endpointName, valueEncoding } from './event-options.ts';
import { checkStdoutFormat } from './format-faults.ts';
import { formatOptions } from './format-schema.ts';
import { besideOtherFaults, optionNotes } from './option-notes.ts';
import { checkOutbox, outbox } from './outbox-schema.ts';
import { routingOptions } from './routing-options.ts';

export const stdoutEndpointSchema = z
  .strictObject({
    name: endpointName,
    type: z.literal('stdout').register(optionNotes, {
      what: 'Prints each event as one line of JSON on stdout.',
      wants: 'stdout',
    }),
    ...formatOptions,
    values: valueEncoding,
    ...routingOptions,
    outbox,
  })
  .superRefine(checkStdoutFormat, besideOtherFaults)
  .superRefine(checkOutbox, besideOtherFaults);
