import { decodeByWalhook } from '../decode/by-walhook.mjs';
import { captureMessages } from '../decode/captured-messages.mjs';
import { FORMATS } from '../decode/formats.mjs';
import { figure } from '../figures/figure.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'Formats side by side: pgoutput bytes to the JSON of each';

const PER_TRANSACTION = 1_000;
const WARM_UPS = 3;

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, async ({ source }) => {
    await source.query(`select pg_logical_slot_get_binary_changes('walhook', null, null,
      'proto_version', '1', 'publication_names', 'walhook')`);
    await new ItemInserts(source).add(scaled(200_000), PER_TRANSACTION);
    const { messages } = await captureMessages(source);
    for (let i = 0; i < WARM_UPS; i += 1) await measureAll(messages, i);
    const samples = [];
    for (let round = 0; round < rounds; round += 1) samples.push(await measureAll(messages, round));
    return Object.keys(FORMATS).flatMap((format) => describe(format, samples));
  });
}

/** One after the other, beginning with another each round: none is always the one after a pause. */
async function measureAll(messages, round) {
  const formats = Object.entries(FORMATS);
  const first = round % formats.length;
  const taken = {};
  for (const [format, createFormat] of [...formats.slice(first), ...formats.slice(0, first)]) {
    taken[format] = await timed(messages, createFormat);
  }
  return taken;
}

async function timed(messages, createFormat) {
  let events = 0;
  let bytes = 0;
  const startedAt = performance.now();
  await decodeByWalhook(
    messages,
    (out) => {
      events += 1;
      bytes += out.length;
    },
    createFormat,
  );
  return { wallMs: performance.now() - startedAt, events, bytes };
}

function describe(format, samples) {
  const of = (name, unit, value) => figure(`${format}, ${name}`, unit, samples.map(value));
  const figures = [
    of(
      'decoded and written',
      'events/s',
      ({ [format]: took }) => (took.events / took.wallMs) * 1e3,
    ),
    of('size', 'bytes/event', ({ [format]: took }) => Math.round(took.bytes / took.events)),
  ];
  if (format === 'walhook') return figures;
  const ratio = ({ [format]: took, walhook }) => took.wallMs / walhook.wallMs;
  return [of('times the time of walhook', '×', ratio), ...figures];
}
