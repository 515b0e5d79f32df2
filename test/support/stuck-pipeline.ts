import { expect } from 'vitest';
import { skipTransaction } from '../../src/operations/skip-transaction.ts';
import type { Lsn } from '../../src/pgoutput/lsn.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline, lsnOf, type TestPipeline } from './pipeline.ts';
import type { Receiver } from './receiver.ts';

const http = (receiver: Receiver, name = 'hooks0') =>
  ({ name, type: 'http', url: receiver.url, ordering: 'strict' }) as const;

/** What came, in a word each: a row's id, or the place that was passed over. */
export const takenBy = (receiver: Receiver): unknown[] =>
  receiver.events().map((event) => {
    if (event['op'] === 'message') return contentOf(event)['commit_lsn'];
    return (event['after'] as { id: number }).id;
  });

export function contentOf(event: Record<string, unknown>): Record<string, unknown> {
  const text = Buffer.from(String(event['content']), 'base64').toString();
  return JSON.parse(text) as Record<string, unknown>;
}

/** A row of t with n = 0 is one that the server fails to filter. */
export async function stuckPipeline(receivers: readonly Receiver[]): Promise<TestPipeline> {
  const pipeline = await createPipeline(
    { endpoints: receivers.map((receiver, index) => http(receiver, `hooks${index}`)) },
    'create table t (id int primary key, n int); create table other (id int primary key)',
  );
  const { database } = pipeline;
  await database.query(
    `drop publication walhook;
     create publication walhook for table other, t where (1 / n > -1)`,
  );
  await database.query('update walhook.pipelines set publication_oid = null');
  await database.query('insert into other values (1)');
  await database.query('insert into t values (1, 0)');
  await database.query('insert into other values (2)');
  await database.query('insert into t values (2, 0)');
  await database.query('insert into other values (3)');
  return pipeline;
}

export const skip = ({ config }: TestPipeline, to: string, reason = 'a test') =>
  withPipeline(config, nodePlatform, (access) =>
    skipTransaction(access, {
      to: lsnOf(to) as Lsn,
      reason,
      requestedBy: 'me',
      now: Date.parse('2026-01-31T12:00:00Z'),
      leaseMs: 10_000,
      createId: () => 'skip',
    }),
  );

/** Where the drain says that it cannot get on. */
export async function stuckAt(pipeline: TestPipeline): Promise<string> {
  const { error } = await pipeline.drain();
  expect(error?.code).toBe('transaction_unreadable');
  return error!.detail!;
}
