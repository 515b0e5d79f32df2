// Feeds the pgoutput decoder with mutations of what real servers sent, for as long as asked:
//
//   npm run fuzz -- --minutes 10
//   npm run fuzz -- --iterations 1000000 --seed 7
//
// A failure names its seed; `--seed <that> --iterations 1` runs it alone.

import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';

const jiti = createJiti(import.meta.url);
const { fuzzDecoder } = await jiti.import('../test/pgoutput/fuzz-decoder.ts');
const { MAJOR_VERSIONS, readCaptures } = await jiti.import('../test/pgoutput/captured-messages.ts');

const ROUND = 50_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    iterations: { type: 'string' },
    seed: { type: 'string' },
  },
});
const iterations = values.iterations === undefined ? Infinity : Number(values.iterations);
const endsAt =
  values.minutes === undefined && values.iterations !== undefined
    ? Infinity
    : Date.now() + Number(values.minutes ?? 1) * 60_000;
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (![seed, iterations, endsAt].every((number) => number >= 0)) {
  console.error('--minutes, --iterations and --seed take numbers');
  process.exit(2);
}

const samples = MAJOR_VERSIONS.flatMap((version) => readCaptures(version).captures)
  .flatMap(({ rows }) => rows)
  .map(([, , data]) => Buffer.from(data, 'hex'));

console.log(`seed ${seed}, ${samples.length} messages to start from`);
let done = 0;
let decoded = 0;
let refused = 0;
while (done < iterations && Date.now() < endsAt) {
  const round = Math.min(ROUND, iterations - done);
  const counts = fuzzDecoder({ seed: seed + done, iterations: round, samples });
  done += round;
  decoded += counts.decoded;
  refused += counts.refused;
}
console.log(`${done} mutations: ${decoded} decoded, ${refused} refused`);
