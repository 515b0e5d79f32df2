import { setTimeout as pause } from 'node:timers/promises';
import { figure } from '../figures/figure.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { cliPlatform, lambdaPlatform } from '../set-up/node-platforms.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';
import { workerPlatform } from '../set-up/worker.mjs';

export const title = 'Platforms: a cold start, the CPU of 1,000 events, connections';

const EVENTS = 50_000;

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, async (bench) => {
    const items = new ItemInserts(bench.source);
    const env = environmentOf(bench.config());
    const figures = [];
    for (const makePlatform of [cliPlatform, workerPlatform, lambdaPlatform]) {
      const platform = await makePlatform();
      try {
        const measured = [];
        for (let round = 0; round < rounds; round += 1) {
          measured.push(await measureOnce(platform, { ...bench, items, env }, scaled(EVENTS)));
        }
        figures.push(...describe(platform.name, measured));
      } finally {
        platform.remove();
      }
    }
    return figures;
  });
}

/** One event in a process that did not run, then many in the same, or for the CLI in another. */
async function measureOnce(platform, { items, env, receiver, source, observer, database }, events) {
  await items.add(1, 1);
  const sessions = await countSessions(observer, database);
  const startedAt = performance.timeOrigin + performance.now();
  const started = await platform.start(env);
  try {
    await started.drain();
    const { lastAt } = await receiver.received();
    const connections = (await countSessions(observer, database)) - sessions;

    await items.add(events, 1_000);
    const delivered = await countDelivered(source);
    const cpuMs = started.cpuMs();
    await started.drain();
    const missing = events - ((await countDelivered(source)) - delivered);
    if (missing !== 0) throw new Error(`${platform.name} left ${missing} events of ${events}`);
    const perThousand = ((started.cpuMs() - cpuMs) / events) * 1_000;
    return { coldMs: lastAt - startedAt, perThousand, connections };
  } finally {
    started.stop();
  }
}

/** The same endpoint as elsewhere, by variables: what every platform reads. */
function environmentOf({ database, endpoints: [endpoint] }) {
  return {
    DATABASE_URL: database.url,
    HTTP_ENDPOINT_URL: endpoint.url,
    WALHOOK_SIGNING_SECRET: endpoint.signing.secrets[0],
    WALHOOK_ENDPOINTS_0_NAME: endpoint.name,
    // A worker's own bound is that of the free plan.
    WALHOOK_DRAIN_MAX_REQUESTS: '1000',
    WALHOOK_LOG_LEVEL: 'warn',
  };
}

async function countDelivered(source) {
  const { rows } = await source.query('select sum(delivered)::float8 as n from walhook.endpoints');
  return rows[0].n ?? 0;
}

/** A session is counted for good when it has ended, a moment after the client has left. */
async function countSessions(observer, database) {
  const open =
    "select 1 from pg_stat_activity where datname = $1 and application_name like 'walhook%'";
  while ((await observer.query(open, [database])).rowCount > 0) await pause(5);
  const { rows } = await observer.query(
    'select sessions::float8 as n from pg_stat_database where datname = $1',
    [database],
  );
  return rows[0].n;
}

function describe(name, measured) {
  const all = (what, unit, of, options) =>
    figure(`${name}: ${what}`, unit, measured.map(of), { headline: true, ...options });
  return [
    all('from its start to the first event at the receiver', 'ms', ({ coldMs }) => coldMs),
    ...(measured.every(({ perThousand }) => Number.isFinite(perThousand))
      ? [all('CPU per 1,000 events', 'ms', ({ perThousand }) => perThousand)]
      : []),
    all('connections a drain', 'connections', ({ connections }) => connections, {
      target: { atMost: 2 },
    }),
  ];
}
