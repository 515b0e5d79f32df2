import { z } from 'zod';
import { namePatterns } from './name-patterns.ts';
import { besideOtherFaults, text } from './option-notes.ts';

const each = 'a column, as column, table.column or schema.table.column';

function columnPatterns(what: string) {
  const wants = 'a list of columns, like email, users.email or public.*.ssn';
  return namePatterns({ what, wants, each, names: 3 });
}

/** Which columns an endpoint gets, and in what form. */
export const columns = z
  .strictObject({
    include: columnPatterns('Only these columns are sent, of every table.'),
    exclude: columnPatterns('These columns are not sent, wherever they stand: key, before, after.'),
    mask: columnPatterns('The values of these columns are sent as "***"; null stays null.'),
    hash: columnPatterns(
      "The values of these columns are sent as the SHA-256 of their text in Postgres' form, in hexadecimal; null stays null.",
    ),
    hashKey: text({
      what: 'Makes the hashes HMACs under this key, so that nobody without it can try values against them.',
      wants: 'a secret text',
      secret: 'whole',
    }).optional(),
  })
  .refine(({ hash, hashKey }) => hashKey === undefined || hash !== undefined, {
    path: ['hashKey'],
    message: 'to be left out, or columns to hash',
    ...besideOtherFaults,
  })
  .optional();
