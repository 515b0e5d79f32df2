import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const program = fileURLToPath(new URL('measured-drain.mjs', import.meta.url));
const MiB = 1 << 20;

type Measured = { readonly report: DrainReport; readonly peakBytes: number };

/** Drains one transaction with rows of 140 bytes in a process of its own. */
async function drainTransactionOf(rows: number): Promise<Measured> {
  let bytes = 0;
  const receiver = await startReceiver(({ body }) => {
    bytes += body.length;
    return 204;
  });
  const endpoints = [{ name: 'hooks', type: 'http' as const, url: receiver.url }];
  const { config, database } = await createPipeline(
    { endpoints },
    'create table t (id int primary key, note text)',
  );
  await database.query(
    `insert into t select n, repeat(md5(n::text), 4) from generate_series(1, ${rows}) n`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(config)]);
  const measured = JSON.parse(stdout) as Measured;
  expect(measured.report).toMatchObject({ status: 'caught_up', transactions: 1, events: rows });
  expect(bytes).toBeGreaterThan(rows * 300);
  await receiver.close();
  return measured;
}

test('memory does not grow with the size of a transaction', { timeout: 120_000 }, async () => {
  const small = await drainTransactionOf(30_000);
  const large = await drainTransactionOf(200_000);
  // Its events are 70 MiB of JSON. What is allowed is what garbage collection leaves to chance.
  expect(large.peakBytes - small.peakBytes).toBeLessThan(50 * MiB);
  expect(large.peakBytes).toBeLessThan(260 * MiB);
});
