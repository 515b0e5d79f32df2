import { z } from 'zod';
import { endpointName, eventFormat, valueEncoding } from './event-options.ts';
import { optionNotes } from './option-notes.ts';

export const stdoutEndpointSchema = z.strictObject({
  name: endpointName,
  type: z.literal('stdout').register(optionNotes, {
    what: 'Prints each event as one line of JSON on stdout.',
    wants: 'stdout',
  }),
  format: eventFormat,
  values: valueEncoding,
});
