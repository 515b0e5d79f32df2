import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { workerdProgram } from '../receiver/runtimes.ts';
import { pgBouncerProgram, startPgBouncer } from '../support/pgbouncer.ts';
import { startTlsServer, tlsText } from '../support/tls-server.ts';
import { bundleWorker } from './bundle.ts';
import { idsOf, insert, openShop, reports, upTo } from './shop.ts';
import { serveWorker } from './workerd.ts';

let bundle: string;
beforeAll(async () => {
  ({ text: bundle } = await bundleWorker({ file: 'src/entry/worker.ts' }));
});

describe.skipIf(workerdProgram === null)('a worker reaches its database', () => {
  test('through a Hyperdrive binding, which stands for the connection string', async () => {
    const shop = await openShop();
    const { DATABASE_URL: hyperdrive, ...vars } = shop.vars;
    const worker = await serveWorker(workerdProgram!, bundle, { vars, hyperdrive: hyperdrive! });
    await insert(shop, 1, 20);

    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(new Set(idsOf(shop.receiver))).toEqual(new Set(upTo(20)));
  });

  test.skipIf(pgBouncerProgram === null)(
    'through a Hyperdrive binding whose sessions are pooled, in the middle of a transaction too (skipped without PgBouncer)',
    async () => {
      const shop = await openShop();
      const pooler = await startPgBouncer(pgBouncerProgram!, inject('serverUrl'));
      try {
        const { DATABASE_URL: url, ...vars } = shop.vars;
        const worker = await serveWorker(workerdProgram!, bundle, {
          vars: {
            ...vars,
            WALHOOK_ENDPOINTS_0_BATCH_MAX_EVENTS: '10',
            WALHOOK_ENDPOINTS_0_ORDERING: 'strict',
            WALHOOK_DRAIN_MAX_REQUESTS: '4',
            WALHOOK_DRAIN_MAX_WINDOW_CHANGES: '30',
          },
          hyperdrive: pooler.url(url!),
        });
        await insert(shop, 1, 50);
        for (let id = 51; id <= 70; id += 1) await insert(shop, id, id);

        const statuses: string[] = [];
        while (statuses.at(-1) !== 'caught_up') {
          expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
          const { status } = (await reports(worker, statuses.length + 1)).at(-1)!;
          statuses.push(status);
        }
        expect(statuses.slice(0, -1)).toContain('deadline');
        expect(idsOf(shop.receiver)).toEqual(upTo(70));
      } finally {
        await pooler.stopPool(shop.pipeline.database.name);
        await pooler.stop();
      }
    },
  );

  test('by TLS, which the authorities of the platform check', async () => {
    const server = await startTlsServer('server');
    writeFileSync(join(server.dataDirectory, 'pg_hba.conf'), 'host all all all scram-sha-256');
    await server.restart('fast');
    const shop = await openShop(server.url());
    const url = new URL(shop.vars['DATABASE_URL']!);
    url.hostname = 'localhost';
    url.searchParams.set('sslmode', 'verify-full');
    const vars = { ...shop.vars, DATABASE_URL: url.href };
    await insert(shop, 1, 3);

    const authority = tlsText('ca.pem');
    const trusting = await serveWorker(workerdProgram!, bundle, { vars, authority });
    expect(await trusting.scheduled()).toEqual({ outcome: 'ok' });
    expect(shop.receiver.events()).toHaveLength(3);

    const doubting = await serveWorker(workerdProgram!, bundle, { vars });
    expect(await doubting.scheduled()).toEqual({ outcome: 'exception' });
    expect(await reports(doubting, 1)).toMatchObject([{ status: 'failed' }]);
  });
});
