import { z } from 'zod';
import {
  describeSkip,
  findObstacle,
  listSkips,
  skipTransaction,
} from '../operations/skip-transaction.ts';
import { formatLsn, parseLsn } from '../pgoutput/lsn.ts';
import { answerSchemas } from './answer-schemas.ts';
import type { HttpTools } from './http-tools.ts';
import { lsnInput, textInput, wholeNumberText } from './input-schemas.ts';
import { route, type Route } from './route.ts';

const DEFAULT_LIMIT = 20;
const MAX_LISTED = 1_000;
const MAX_REASON = 1_000;
const DEFAULT_REASON = 'over HTTP';
const LEASE_MS = 10_000;

const transaction = {
  commit_lsn: z.string().describe('Where the transaction committed.'),
  begin_lsn: z.string().nullable().describe('Where its first change stands; null: not known.'),
  xid: z.int().nullable(),
  tables: z.array(z.string()).describe('`schema.table`, as far as they are known.'),
  error: z.string().describe('Why it cannot be read.'),
};

const skipSchema = z
  .strictObject({
    ...transaction,
    from_lsn: z.string().describe('Where the slot stood when it was asked for.'),
    reason: z.string(),
    requested_by: z.string(),
    requested_at: z.string(),
    state: z
      .enum(['recorded', 'passed'])
      .describe('recorded: the next drain passes over it. passed: the slot stands behind it.'),
  })
  .register(answerSchemas, { id: 'Skip' });

const skipsSchema = z
  .strictObject({
    pipeline: z.string(),
    in_the_way: z
      .strictObject({ ...transaction, slot_lsn: z.string() })
      .nullable()
      .describe('The transaction that cannot be read; null: all can.'),
    skips: z.array(skipSchema),
  })
  .register(answerSchemas, { id: 'Skips' });

export function skipRoutes({ pipeline, withPipeline, clock }: HttpTools): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/skips',
        id: 'listSkips',
        summary: 'The transaction that stands in the way, and those that were passed over',
        query: z.strictObject({
          limit: wholeNumberText(1, MAX_LISTED)
            .describe(`At the most so many; default: ${DEFAULT_LIMIT}.`)
            .optional(),
        }),
        answers: { 200: { description: 'As walhook skip --json prints it.', schema: skipsSchema } },
      },
      async ({ query: { limit = DEFAULT_LIMIT } }) => {
        const json = await withPipeline(async (access) => {
          await access.state.assertReady();
          const obstacle = await findObstacle(access);
          const skips = await listSkips(access, limit);
          if (obstacle === null) return { pipeline, in_the_way: null, skips };
          const { commitLsn, beginLsn, xid, tables } = obstacle.transaction;
          const inTheWay = {
            commit_lsn: formatLsn(commitLsn),
            begin_lsn: beginLsn === null ? null : formatLsn(beginLsn),
            slot_lsn: formatLsn(obstacle.slotAt),
            xid,
            tables,
            error: obstacle.message,
          };
          return { pipeline, in_the_way: inTheWay, skips };
        });
        return { status: 200, json };
      },
    ),
    route(
      {
        method: 'post',
        path: '/api/skips',
        id: 'skipTransaction',
        summary: 'Have the next drain pass over the transaction that cannot be read',
        body: z.strictObject({
          to: lsnInput.describe('Where the transaction committed, as the failed drain names it.'),
          reason: textInput(MAX_REASON)
            .describe(`Why, for others to see; default: ${DEFAULT_REASON}.`)
            .optional(),
        }),
        answers: { 200: { description: 'It is recorded.', schema: skipSchema } },
      },
      async ({ body: { to, reason = DEFAULT_REASON } }) => {
        const skip = await withPipeline((access) =>
          skipTransaction(access, {
            to: parseLsn(to),
            reason,
            requestedBy: 'HTTP',
            now: clock.now(),
            leaseMs: LEASE_MS,
            createId: () => crypto.randomUUID(),
          }),
        );
        return { status: 200, json: describeSkip(skip, null) };
      },
    ),
  ];
}
