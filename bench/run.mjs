// Measures the built walhook against a Postgres server of its own. See bench/README.md.
//
//   npm run bench
//   npm run bench -- --only a,g --rounds 5
//   npm run bench -- --scale 0.05        a quick look whether the rows run; writes nothing

import { parseArgs } from 'node:util';
import { describeLoad } from './figures/environment.mjs';
import { describeFigure } from './figures/figure.mjs';
import { saveResults } from './figures/results.mjs';
import * as backlog from './rows/backlog.mjs';
import * as deadEndpoint from './rows/dead-endpoint.mjs';
import * as decode from './rows/decode.mjs';
import * as formats from './rows/formats.mjs';
import * as endpoints from './rows/endpoints.mjs';
import * as idlePoll from './rows/idle-poll.mjs';
import * as lanes from './rows/lanes.mjs';
import * as largeTransaction from './rows/large-transaction.mjs';
import * as parking from './rows/parking.mjs';
import * as platforms from './rows/platforms.mjs';
import * as serve from './rows/serve.mjs';
import * as singleEvents from './rows/single-events.mjs';
import * as throughput from './rows/throughput.mjs';
import * as unrelatedWal from './rows/unrelated-wal.mjs';

const ROWS = {
  a: throughput,
  b: singleEvents,
  c: largeTransaction,
  d: backlog,
  e: unrelatedWal,
  f: idlePoll,
  g: decode,
  h: formats,
  i: endpoints,
  j: deadEndpoint,
  k: parking,
  l: lanes,
  m: platforms,
  n: serve,
};

const { letters, rounds, scale } = readArguments();
const plan = {
  rounds,
  scaled: (count) => Math.max(1_000, Math.round((count * scale) / 1e3) * 1e3),
};

for (const letter of letters) {
  const { title, measure } = ROWS[letter];
  const load = describeLoad();
  console.log(`\n${letter}. ${title}${load.busy ? `   [BUSY MACHINE, load ${load.load}]` : ''}`);
  const figures = await measure(plan);
  for (const figure of figures) console.log(`   ${describeFigure(figure)}`);
  // At once: what comes later may fail.
  if (scale === 1) await saveResults({ [letter]: { title, ...load, rounds, figures } });
}
console.log(scale === 1 ? '\nSee bench/results/latest.md.' : '\nScaled: no results were written.');

function readArguments() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(ROWS).join(',') },
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
    },
  });
  const given = {
    letters: values.only.split(','),
    rounds: Number(values.rounds),
    scale: Number(values.scale),
  };
  const unknown = given.letters.filter((letter) => !(letter in ROWS));
  if (unknown.length > 0)
    throw new Error(`no such row: ${unknown}; there are ${Object.keys(ROWS)}`);
  if (!Number.isInteger(given.rounds) || given.rounds < 1) throw new Error('--rounds 1 or more');
  if (!(given.scale > 0)) throw new Error('--scale above 0');
  return given;
}
