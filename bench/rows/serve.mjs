import { setTimeout as pause } from 'node:timers/promises';
import { figure } from '../figures/figure.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';
import { startServing } from '../set-up/serving.mjs';

export const title = 'walhook serve: from commit to arrival, and idle';

const PER_SECOND = 100;
const SECONDS = 20;
const IDLE_SECONDS = 20;
/** Longer than the pace takes to get slow, and a session to say what it cost. */
const CALM_SECONDS = 3;

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, async (bench) => {
    const { receiver, observer, database } = bench;
    const items = new ItemInserts(bench.source);
    await bench.source.query('checkpoint');
    const url = new URL('/age/', receiver.url).href;
    const serving = await startServing(bench.config({ url }));
    try {
      // The first connection, the first JIT.
      await commitSteadily(items, PER_SECOND * 2);
      await arrived(receiver, PER_SECOND * 2);
      const measured = [];
      for (let round = 0; round < rounds; round += 1) {
        const before = (await receiver.received('/age/')).ages.length;
        const cpuMs = await serving.cpuMs();
        const commits = Math.ceil(scaled(PER_SECOND * SECONDS));
        await commitSteadily(items, commits);
        const ages = await arrived(receiver, before + commits);
        const spentMs = (await serving.cpuMs()) - cpuMs;
        const sorted = ages.slice(before).toSorted((a, b) => a - b);
        const idle = await idleShare(observer, database);
        measured.push({
          p50: quantile(sorted, 0.5),
          p99: quantile(sorted, 0.99),
          most: sorted.at(-1),
          cpu: (spentMs / (commits / PER_SECOND) / 1_000) * 100,
          idle,
        });
      }
      return describe(measured);
    } finally {
      await serving.stop();
    }
  });
}

/** Single inserts at an even pace, whatever became of the ones before. */
async function commitSteadily(items, count) {
  const startedAt = performance.now();
  let commits = Promise.resolve();
  for (let n = 0; n < count; n += 1) {
    const waitMs = startedAt + (n * 1_000) / PER_SECOND - performance.now();
    if (waitMs > 0) await pause(waitMs);
    commits = commits.then(() => items.insert(1, 1));
  }
  await commits;
}

async function arrived(receiver, count) {
  for (;;) {
    const { ages } = await receiver.received('/age/');
    if (ages.length >= count) return ages;
    await pause(20);
  }
}

/** Percent of the time that some session of the database was at work, nobody writing anything. */
async function idleShare(observer, database) {
  await pause(CALM_SECONDS * 1_000);
  const before = await activeMs(observer, database);
  const startedAt = performance.now();
  await pause(IDLE_SECONDS * 1_000);
  const spentMs = (await activeMs(observer, database)) - before;
  return (spentMs / (performance.now() - startedAt)) * 100;
}

async function activeMs(observer, database) {
  const { rows } = await observer.query(
    'select active_time as ms from pg_stat_database where datname = $1',
    [database],
  );
  return rows[0].ms;
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

function describe(measured) {
  const all = (name, unit, of, options) => figure(name, unit, measured.map(of), options);
  const under = { headline: true, target: { atMost: 100 } };
  const idle = { headline: true, target: { atMost: 1 } };
  return [
    all('commit to arrival, p50', 'ms', ({ p50 }) => p50, { headline: true }),
    all('commit to arrival, p99', 'ms', ({ p99 }) => p99, under),
    all('commit to arrival, the longest', 'ms', ({ most }) => most),
    all('CPU of the process meanwhile', '% of a core', ({ cpu }) => cpu),
    all('idle: sessions at work', '% of the time', (each) => each.idle, idle),
  ];
}
