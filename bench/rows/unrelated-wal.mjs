import { figure } from '../figures/figure.mjs';
import { withDrainer } from '../set-up/drainer.mjs';
import { measureFloor } from '../set-up/floor.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = '20 changes among 256 MiB of unrelated WAL';

const WANTED = 20;
const MEBIBYTE = 1 << 20;
const WAL_BYTES = 256 * MEBIBYTE;

/** Rows too large for their page and too random to compress: nearly all of what they write is WAL. */
const NOISE_TABLE = `
  create table noise (id bigint generated always as identity, filler text storage external)`;

export function measure({ rounds, scaled }) {
  const setUp = `${ITEMS_TABLE}; ${NOISE_TABLE}`;
  return withBenchPipeline({ setUp, tables: ['public.items'] }, ({ source, config }) =>
    withDrainer(async (drainer) => {
      const items = new ItemInserts(source);
      await items.add(1_000, 1_000);
      await drainer.drain(config());

      const drains = [];
      for (let round = 0; round < rounds; round += 1) {
        const walBytes = await writeWal(source, items, scaled(WAL_BYTES));
        const floorMs = await measureFloor(source);
        const drain = await drainer.drain(config(), WANTED);
        const { report } = drain;
        if (report.to_lsn !== report.target_lsn) {
          throw new Error(`the slot stayed at ${report.to_lsn}, short of ${report.target_lsn}`);
        }
        const next = await drainer.drain(config(), 0);
        drains.push({ walBytes, floorMs, drain, next });
      }
      return describe(drains);
    }),
  );
}

async function writeWal(source, items, wantedBytes) {
  const [{ start }] = (await source.query('select pg_current_wal_insert_lsn() as start')).rows;
  let written = 0;
  for (let i = 1; i <= WANTED; i += 1) {
    while (written < (wantedBytes / WANTED) * i) {
      await source.query(
        `insert into noise (filler) select repeat(md5(n::text), 250) from generate_series(1, 128) n`,
      );
      const { rows } = await source.query(
        'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)::float8 as bytes',
        [start],
      );
      written = rows[0].bytes;
    }
    await items.insert(1, 1);
  }
  await source.query('checkpoint');
  return written;
}

function describe(drains) {
  return [
    figure(
      'drain that gets to the end of it',
      'ms',
      drains.map(({ drain }) => drain.wallMs),
      { headline: true },
    ),
    figure(
      'the same, times the floor',
      '×',
      drains.map(({ drain, floorMs }) => drain.wallMs / floorMs),
    ),
    figure(
      'windows it took',
      'windows',
      drains.map(({ drain }) => drain.report.windows),
    ),
    figure(
      'the next drain, with nothing to do',
      'ms',
      drains.map(({ next }) => next.wallMs),
      { headline: true },
    ),
    figure(
      'unrelated WAL',
      'MiB',
      drains.map(({ walBytes }) => walBytes / MEBIBYTE),
    ),
  ];
}
