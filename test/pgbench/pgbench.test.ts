import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import type { TestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { CopyingReceiver } from './copying-receiver.ts';
import { isPgbenchInstalled, pgbench } from './pgbench.ts';

const SCALE = 1;
const CLIENTS = 4;
const TRANSACTIONS_PER_CLIENT = 5_000;
const TRANSACTIONS = CLIENTS * TRANSACTIONS_PER_CLIENT;

/** The columns as events carry them: a timestamp always with six digits of a second. */
const COLUMNS: Readonly<Record<string, string>> = {
  pgbench_accounts: 'aid, bid, abalance, filler',
  pgbench_branches: 'bid, bbalance, filler',
  pgbench_tellers: 'tid, bid, tbalance, filler',
  pgbench_history: `tid, bid, aid, delta, to_char(mtime, 'YYYY-MM-DD"T"HH24:MI:SS.US') as mtime, filler`,
};

const isInstalled = await isPgbenchInstalled();
if (!isInstalled) {
  process.stderr.write(
    'pgbench is not installed (Debian: postgresql-contrib): its test is skipped.\n',
  );
}

test.skipIf(!isInstalled)(
  'copies of the tables of pgbench, drained while it runs, end up row for row as the source',
  { timeout: 300_000 },
  async () => {
    const receiver = await CopyingReceiver.start();
    // Of its own: this much WAL would be in the way of every test that looks at a quiet server.
    const server = await startPrivateServer();
    const pipeline = await createPipeline(
      {
        endpoints: [
          { name: 'key', type: 'http', url: receiver.url('key'), ordering: 'key', concurrency: 4 },
          { name: 'strict', type: 'http', url: receiver.url('strict'), ordering: 'strict' },
        ],
      },
      '',
      server.url(),
    );
    const { database } = pipeline;
    // Primary keys before the rows (p before g): events of the first rows have a key to be copied by.
    await pgbench(database.url, ['--initialize', '--init-steps=dtpg', `--scale=${SCALE}`]);

    const hurried = await pipeline.configured({ drain: { deadlineMs: 6_000 } });
    let isRunning = true;
    const traffic = pgbench(database.url, [
      `--client=${CLIENTS}`,
      `--transactions=${TRANSACTIONS_PER_CLIENT}`,
    ]).finally(() => (isRunning = false));
    const reports: DrainReport[] = [];
    while (isRunning) {
      // Every other one is told to end before that, most likely in the middle of a transaction.
      const signal = reports.length % 2 === 1 ? AbortSignal.timeout(1_000) : undefined;
      reports.push(await hurried.drain({ signal }));
    }
    await traffic;
    const duringTraffic = reports.length;
    reports.push(await pipeline.drain());

    expect(reports.map(({ error }) => error)).toEqual(reports.map(() => null));
    expect(duringTraffic).toBeGreaterThan(1);
    expect(reports.at(-1)).toMatchObject({ status: 'caught_up' });
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });

    const events = {
      // Once when the rows are made, and the history again before the traffic.
      'truncate pgbench_accounts': 1,
      'truncate pgbench_branches': 1,
      'truncate pgbench_tellers': 1,
      'truncate pgbench_history': 2,
      'insert pgbench_accounts': SCALE * 100_000,
      'insert pgbench_branches': SCALE,
      'insert pgbench_tellers': SCALE * 10,
      'insert pgbench_history': TRANSACTIONS,
      'update pgbench_accounts': TRANSACTIONS,
      'update pgbench_branches': TRANSACTIONS,
      'update pgbench_tellers': TRANSACTIONS,
    };
    const total = Object.values(events).reduce((sum, count) => sum + count);
    const historyXids = await readHistoryXids(database);
    expect(new Set(historyXids).size).toBe(TRANSACTIONS);

    for (const ordering of ['key', 'strict'] as const) {
      const copies = await receiver.copies(ordering);
      expect(copies.problems).toEqual([]);
      expect(copies.events).toEqual(events);
      expect(copies.distinctIds).toBe(total);
      expect(deliveredTo(ordering, reports)).toBe(total);
      expect(differing(historyXids, copies.historyXids)).toEqual([]);
      for (const table of Object.keys(COLUMNS)) {
        expect({
          [table]: differing(await readRows(database, table), copies.rows[table]!),
        }).toEqual({ [table]: [] });
      }
    }
  },
);

async function readRows(database: TestDatabase, table: string): Promise<string[]> {
  const rows = await database.query(`select ${COLUMNS[table]} from ${table}`);
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** Of the transactions whose rows are in pgbench_history, each once a row. */
async function readHistoryXids(database: TestDatabase): Promise<number[]> {
  const rows = await database.query<{ xid: string }>(
    'select xmin::text as xid from pgbench_history',
  );
  return rows.map(({ xid }) => Number(xid)).sort((a, b) => a - b);
}

function deliveredTo(endpoint: string, reports: readonly DrainReport[]): number {
  const parts = reports.flatMap(({ endpoints }) => endpoints);
  return parts
    .filter(({ name }) => name === endpoint)
    .reduce((sum, { delivered }) => sum + delivered, 0);
}

/** The first places at which two lists differ: they are too long for a diff. */
function differing<T>(source: readonly T[], copy: readonly T[]): string[] {
  const length = Math.max(source.length, copy.length);
  const places: string[] = [];
  for (let i = 0; i < length && places.length < 5; i++) {
    if (source[i] !== copy[i]) places.push(`${i}: ${String(source[i])} and ${String(copy[i])}`);
  }
  return places;
}
