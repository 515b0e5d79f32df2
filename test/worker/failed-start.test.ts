import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { workerdProgram } from '../receiver/runtimes.ts';
import { bundleWorker } from './bundle.ts';
import { serveWorker, type WorkerProcess } from './workerd.ts';

const hidden = randomUUID();
const DATABASE_URL = `postgres://me:${hidden}@db.example.com:port/shop`;

let bundle: string;
beforeAll(async () => {
  ({ text: bundle } = await bundleWorker({ file: 'src/entry/worker.ts' }));
});

async function lines(worker: WorkerProcess, count: number): Promise<readonly unknown[]> {
  const said = await worker.said.waitFor(/"msg":"cannot start"/, count);
  expect([...worker.said.all, ...worker.errors.all].join('\n')).not.toContain(hidden);
  return said.map((line) => JSON.parse(line) as unknown);
}

describe.skipIf(workerdProgram === null)('a worker that cannot start logs one line', () => {
  test('with everything that is wrong with its variables, for a schedule and for a request', async () => {
    const vars = { DATABASE_URL, WALHOOK_DRAIN_LEASE_MS: 'long' };
    const worker = await serveWorker(workerdProgram!, bundle, { vars });

    expect(await worker.scheduled()).toEqual({ outcome: 'exception' });
    const answer = await fetch(`${worker.url}/drain`, { method: 'POST' });
    const told = (await answer.json()) as { code: string; request_id: string };

    const error = {
      code: 'config_invalid',
      message: expect.stringContaining('WALHOOK_DRAIN_LEASE_MS (drain.leaseMs): got "long"'),
      detail: 'worker',
      remedy: 'Correct the named values and run again.',
      problems: expect.arrayContaining([
        expect.objectContaining({ variable: 'DATABASE_URL', path: 'database.url' }),
        expect.objectContaining({ variable: 'WALHOOK_DRAIN_LEASE_MS', path: 'drain.leaseMs' }),
      ]),
    };
    expect(told.code).toBe('config_invalid');
    expect(await lines(worker, 2)).toEqual([
      { time: expect.any(String), level: 'error', msg: 'cannot start', error },
      expect.objectContaining({ request_id: told.request_id, error }),
    ]);
  });

  test('without any variable', async () => {
    const worker = await serveWorker(workerdProgram!, bundle, {});
    expect(await worker.scheduled()).toEqual({ outcome: 'exception' });
    const message = expect.stringContaining('DATABASE_URL (database.url): got nothing');
    expect(await lines(worker, 1)).toMatchObject([{ error: { code: 'config_invalid', message } }]);
  });

  test('where the function that makes its configuration throws, whatever that says', async () => {
    const { text } = await bundleWorker({
      source: `
        import { createWorker } from './src/entry/worker.ts';
        export default createWorker((env) => {
          throw new Error('no pipeline for ' + env.DATABASE_URL);
        });`,
    });
    const worker = await serveWorker(workerdProgram!, text, { vars: { DATABASE_URL } });
    expect(await worker.scheduled()).toEqual({ outcome: 'exception' });
    expect(await lines(worker, 1)).toMatchObject([
      {
        error: {
          code: 'internal',
          message: 'Error: no pipeline for ***',
          remedy: expect.stringContaining('what makes the configuration'),
        },
      },
    ]);
  });
});
