import { z } from 'zod';
import { choice, matching, text } from './option-notes.ts';

// What every endpoint has, whatever it speaks: its name, and how events look there.

const nameWants = 'a name of 1 to 63 letters, digits, . _ or -, starting with a letter or digit';

/** Names a person types in a shell and reads in a metric's label. */
export const plainNameFault = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, nameWants);
export const plainNameWants = nameWants;

export const endpointName = text(
  {
    what: 'Names the endpoint in reports and in the state tables, which keep its progress under it.',
    wants: nameWants,
  },
  plainNameFault,
);

export const valueEncoding = z
  .strictObject({
    int8: choice(
      'How int8 is written; a number keeps its exact digits, which JavaScript rounds past 2^53.',
      ['number', 'string'],
    ).default('number'),
    numeric: choice(
      'How numeric is written; a number keeps its exact digits. With the formats drasi, hasura and supabase the default is number; to drasi it is a float.',
      ['string', 'number'],
    ).default('string'),
  })
  .prefault({});
