import { z } from 'zod';
import { databaseTlsSchema } from './database-tls-schema.ts';
import { flag, text, wholeNumber } from './option-notes.ts';
import { postgresUrlFault, postgresUrlWants } from './postgres-url.ts';

export const allowCleartextPassword = flag(
  'Sends the password as it is to a server on another machine that asks for that over a connection without TLS. Whoever stands between reads it, and any server that says it has no TLS may ask.',
).optional();

export const databaseSchema = z.strictObject({
  url: text(
    {
      what: 'The database whose changes are drained.',
      wants: postgresUrlWants,
      secret: 'url',
    },
    postgresUrlFault,
  ),
  tls: databaseTlsSchema.optional(),
  allowCleartextPassword,
  connectTimeoutMs: wholeNumber({
    what: 'Connecting takes this long at the most.',
    unit: 'ms',
    min: 1,
    max: 600_000,
  }).default(10_000),
  statementTimeoutMs: wholeNumber({
    what: "The server ends a statement that takes longer; 0: never. What reads or moves the slot is exempt. Not set behind a pooler, where the role's own holds.",
    unit: 'ms',
    min: 0,
    max: 86_400_000,
  }).default(600_000),
  lockTimeoutMs: wholeNumber({
    what: 'The server ends a statement that waits for a lock for longer; 0: never. Not set behind a pooler.',
    unit: 'ms',
    min: 0,
    max: 86_400_000,
  }).default(60_000),
  keepAliveMs: wholeNumber({
    what: 'When a connection has been silent for so long, TCP asks whether the server is still there.',
    unit: 'ms',
    min: 1_000,
    max: 7_200_000,
  }).default(30_000),
});
