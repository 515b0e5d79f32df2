import { setTimeout as pause } from 'node:timers/promises';
import { figure } from '../figures/figure.mjs';
import { cliIsBuilt, drainByCli } from '../set-up/cli.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'A poll that finds nothing';

const POLLS_A_ROUND = 10;

export function measure({ rounds }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, ({ source, observer, database, config }) =>
    withDrainer(async (drainer) => {
      await new ItemInserts(source).add(1_000, 1_000);
      await drainer.drain(config());
      // Its own statements would count for the polls.
      await source.end();

      const polls = [];
      const byCli = [];
      for (let poll = 0; poll < rounds * POLLS_A_ROUND; poll += 1) {
        const before = await readCosts(observer, database);
        const { wallMs, statements } = await drainer.drain(config(), 0);
        const after = await readCosts(observer, database);
        polls.push({
          wallMs,
          statements,
          databaseMs: after.active_ms - before.active_ms,
          connections: after.sessions - before.sessions,
          walBytes: after.wal_bytes - before.wal_bytes,
        });
      }
      for (let round = 0; cliIsBuilt && round < rounds; round += 1) {
        byCli.push(await drainByCli(config(), 0));
      }
      return describe(polls, byCli);
    }),
  );
}

/**
 * What the database has counted so far, read from another database. A session's share is counted
 * when it ends, a moment after the client has left.
 */
async function readCosts(observer, database) {
  const open = 'select 1 from pg_stat_activity where datname = $1';
  while ((await observer.query(open, [database])).rowCount > 0) await pause(5);
  const { rows } = await observer.query(
    `select active_time as active_ms, sessions::float8 as sessions,
            (pg_current_wal_insert_lsn() - '0/0')::float8 as wal_bytes
     from pg_stat_database where datname = $1`,
    [database],
  );
  return rows[0];
}

function describe(polls, byCli) {
  const all = (name, unit, of, options) => figure(name, unit, polls.map(of), options);
  return [
    all('wall time in a warm process', 'ms', ({ wallMs }) => wallMs, { headline: true }),
    all('database time', 'ms', ({ databaseMs }) => databaseMs, { headline: true }),
    all('statements', 'statements', ({ statements }) => statements),
    all('connections', 'connections', ({ connections }) => connections, { headline: true }),
    all('WAL written', 'bytes', ({ walBytes }) => walBytes, { headline: true }),
    ...(byCli.length > 0 ? [figure('whole `walhook drain` process', 'ms', byCli)] : []),
  ];
}
