import type { DrainReport } from '../../src/drain/report.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import type { WorkerProcess } from './workerd.ts';
import { secret, signingSecret } from '../support/secrets.ts';

export const TOKEN = secret('token');
export const SIGNING = signingSecret('worker');

export type Shop = {
  readonly pipeline: TestPipeline;
  readonly receiver: Receiver;
  /** What a worker is configured by. */
  readonly vars: Readonly<Record<string, string>>;
};

/** A database with orders, registered to be drained to a receiver. */
export async function openShop(serverUrl?: string): Promise<Shop> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
    'create table orders (id int primary key, status text)',
    serverUrl,
  );
  const vars = {
    DATABASE_URL: pipeline.database.url,
    SLOT_NAME: pipeline.config.slot,
    HTTP_ENDPOINT_URL: receiver.url,
    WALHOOK_SIGNING_SECRET: SIGNING,
    WALHOOK_TOKEN: TOKEN,
  };
  return { pipeline, receiver, vars };
}

export function insert({ pipeline }: Shop, from: number, to: number): Promise<unknown> {
  return pipeline.database.query(
    "insert into orders select n, 'new' from generate_series($1::int, $2::int) n",
    [from, to],
  );
}

/** The reports of the first `count` drains that a schedule started, in the order of their ends. */
export async function reports({ said }: WorkerProcess, count: number): Promise<DrainReport[]> {
  const lines = await said.waitFor(/"msg":"drained".*"to_lsn"/, count);
  return lines.map((line) => JSON.parse(line) as DrainReport);
}

export const idsOf = (receiver: Receiver): unknown[] =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
