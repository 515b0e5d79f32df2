import { z } from 'zod';
import { OPERATIONS } from '../routing/filter.ts';
import { namePatterns } from './name-patterns.ts';
import { choice, optionNotes, text } from './option-notes.ts';
import { where } from './where-schema.ts';

/** Which events an endpoint gets. */
export const filter = z
  .strictObject({
    tables: namePatterns({
      what: 'Only changes of these tables. * stands for a part of a name, ! takes out, and a name alone is one in the schema public.',
      wants: 'a list of tables, like public.orders, public.orders_* or !public.audit',
      each: 'a table as schema.table, in which * stands for a part of a name',
      names: 2,
    }),
    operations: z
      .array(choice('An operation.', OPERATIONS))
      .min(1)
      .register(optionNotes, {
        what: 'Only these operations.',
        wants: `a list of one or more of ${OPERATIONS.join(', ')}`,
      })
      .optional(),
    prefixes: z
      .array(text({ what: 'A prefix.', wants: 'a prefix, in which * stands for a part of it' }))
      .register(optionNotes, {
        what: 'Only logical messages of these prefixes. tables says nothing of messages.',
        wants: 'a list of prefixes, like orders.* or !orders.test',
      })
      .optional(),
    where,
  })
  .optional();
