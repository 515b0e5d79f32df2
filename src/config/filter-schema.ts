import { z } from 'zod';
import { namePatterns } from './name-patterns.ts';
import { choice, optionNotes, text } from './option-notes.ts';
import { where } from './where-schema.ts';

const operations = ['insert', 'update', 'delete', 'truncate', 'message', 'read'] as const;

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
      .array(choice('An operation.', operations))
      .register(optionNotes, {
        what: 'Only these operations; read is a row of a snapshot.',
        wants: `a list of ${operations.join(', ')}`,
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
