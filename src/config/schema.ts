import { z } from 'zod';
import { alertRulesSchema } from './alert-rules-schema.ts';
import { alertsSchema } from './alerts-schema.ts';
import { allowCleartextPassword, databaseSchema } from './database-schema.ts';
import { databaseTlsSchema } from './database-tls-schema.ts';
import { drainSchema } from './drain-schema.ts';
import { endpointSchema } from './endpoint-schema.ts';
import { plainNameFault, plainNameWants } from './event-options.ts';
import { httpSchema } from './http-schema.ts';
import { besideOtherFaults, matching, optionNotes, text, wholeNumber } from './option-notes.ts';
import {
  identifierFault,
  identifierWants,
  isIdentifier,
  ownSchemaFault,
} from './postgres-names.ts';
import { postgresUrlWants, stateUrlFault } from './postgres-url.ts';
import { serveSchema } from './serve-schema.ts';

const slotWants = '1 to 63 of a-z, 0-9 and _';

const stateSchema = z.strictObject({
  schema: text(
    { what: 'The schema of the state tables. walhook init creates it.', wants: identifierWants },
    ownSchemaFault,
  ).default('walhook'),
  url: text(
    {
      what: 'The database that holds the state tables, where it is not the drained one.',
      wants: postgresUrlWants,
      secret: 'url',
    },
    stateUrlFault,
  ).optional(),
  tls: databaseTlsSchema.optional(),
  allowCleartextPassword,
  keepRunsMs: wholeNumber({
    what: 'How long the reports of past drains are kept.',
    unit: 'ms',
    min: 0,
    max: 315_360_000_000,
  }).default(2_592_000_000),
});

const keysSchema = z
  .record(
    z.string(),
    z.array(z.string()).register(optionNotes, {
      what: 'The columns of one table that make its key.',
      wants: 'a list of its columns, each once',
    }),
  )
  .superRefine((tables, context) => {
    for (const [table, columns] of Object.entries(tables)) {
      if (!/^[^]+\.[^]+$/.test(table)) {
        context.addIssue({ code: 'custom', path: [table], message: 'a table as schema.table' });
      } else if (columns.length === 0 || new Set(columns).size < columns.length) {
        context.addIssue({
          code: 'custom',
          path: [table],
          message: 'a list of its columns, each once',
        });
      } else if (!columns.every(isIdentifier)) {
        context.addIssue({ code: 'custom', path: [table], message: 'names of columns' });
      }
    }
  })
  .register(optionNotes, {
    what: 'Columns that are the key of a table, by schema.table; they take the place of the key that Postgres knows. A delete has them only where they belong to the replica identity.',
    wants: "tables with their key's columns, like { 'public.orders': ['id'] }",
  });

const endpointsSchema = z
  .array(endpointSchema)
  .min(1)
  .superRefine(
    (endpoints: readonly unknown[], context) => {
      const names = new Set<unknown>();
      for (const [index, name] of endpoints.map(nameOf).entries()) {
        if (names.has(name)) {
          const message = 'a name that no other endpoint has';
          context.addIssue({ code: 'custom', path: [index, 'name'], message });
        }
        if (name !== undefined) names.add(name);
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  )
  .register(optionNotes, {
    what: 'Who gets the events. The slot moves only past what each of them has settled.',
    wants: 'a list of one endpoint or more',
  });

function nameOf(endpoint: unknown): unknown {
  return typeof endpoint === 'object' && endpoint !== null && 'name' in endpoint
    ? endpoint.name
    : undefined;
}

/** The whole configuration. Strict throughout: an option that does nothing is an error. */
export const walhookSchema = z.strictObject({
  pipeline: text(
    {
      what: 'Names the pipeline in events, reports and state tables; pipelines share a state schema.',
      wants: plainNameWants,
    },
    plainNameFault,
  ).default('walhook'),
  database: databaseSchema,
  slot: text(
    { what: 'The logical replication slot.', wants: slotWants },
    matching(/^[a-z0-9_]{1,63}$/, slotWants),
  ).default('walhook'),
  publication: text(
    { what: 'The publication that says which tables are drained.', wants: identifierWants },
    identifierFault,
  ).default('walhook'),
  state: stateSchema.prefault({}),
  keys: keysSchema.default({}),
  drain: drainSchema
    .refine((drain) => !(drain.checkpointMs >= drain.leaseMs), {
      path: ['checkpointMs'],
      message: 'less than leaseMs',
      ...besideOtherFaults,
    })
    .prefault({}),
  endpoints: endpointsSchema,
  alerts: alertsSchema.default([]),
  alertRules: alertRulesSchema.prefault({}),
  http: httpSchema.prefault({}),
  serve: serveSchema.prefault({}),
});

/** What a configuration file may hold. */
export type WalhookConfig = z.input<typeof walhookSchema>;

/** What is left of it once it is valid and every default is in place. */
export type ResolvedConfig = z.output<typeof walhookSchema> & {
  /** There where nothing says where events go: the only endpoint is standard output. */
  readonly stdoutIsFallback?: true;
};
