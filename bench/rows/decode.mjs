import { isDeepStrictEqual } from 'node:util';
import { decodeByParser } from '../decode/by-pg-logical-replication.mjs';
import { decodeByWalhook } from '../decode/by-walhook.mjs';
import { captureMessages } from '../decode/captured-messages.mjs';
import { figure } from '../figures/figure.mjs';
import { ITEMS_TABLE, ItemInserts } from '../set-up/items.mjs';
import { withBenchPipeline } from '../set-up/pipeline.mjs';

export const title = 'Decoding alone: pgoutput bytes to event JSON';

const PER_TRANSACTION = 1_000;
const WARM_UPS = 3;

export function measure({ rounds, scaled }) {
  return withBenchPipeline({ setUp: ITEMS_TABLE }, async ({ source }) => {
    await source.query(`select pg_logical_slot_get_binary_changes('walhook', null, null,
      'proto_version', '1', 'publication_names', 'walhook')`);
    const items = new ItemInserts(source);
    await items.add(scaled(200_000), PER_TRANSACTION);
    const inserts = await captureMessages(source);
    await source.query('alter table items replica identity full');
    await source.query(`update items set qty = qty + 1, at = now() where id <= ${scaled(100_000)}`);
    const updates = await captureMessages(source);
    return [
      ...(await compare('inserts', inserts, rounds, { atLeast: 3 })),
      ...(await compare('updates with their old rows', updates, rounds, { atLeast: 3 })),
    ];
  });
}

async function compare(what, { messages, byteLength }, rounds, target) {
  await assertSameEvents(messages);
  for (let i = 0; i < WARM_UPS; i += 1) await measureBoth(messages, i);
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await measureBoth(messages, round));

  const megabytes = (took) => byteLength / 1e3 / took.wallMs;
  const perSecond = (took) => (messages.length / took.wallMs) * 1e3;
  const of = (name, unit, side, speed) => figure(name, unit, pairs.map(side).map(speed));
  const byWalhook = `${what}, walhook`;
  const byParser = `${what}, pg-logical-replication + JSON.stringify`;
  return [
    figure(
      `${what}, times as fast as pg-logical-replication`,
      '×',
      pairs.map(({ walhook, parser }) => parser.wallMs / walhook.wallMs),
      { target, headline: true },
    ),
    figure(
      `${what}, the same by CPU time`,
      '×',
      pairs.map(({ walhook, parser }) => parser.cpuUs / walhook.cpuUs),
    ),
    of(byWalhook, 'MB/s', ({ walhook }) => walhook, megabytes),
    of(byWalhook, 'messages/s', ({ walhook }) => walhook, perSecond),
    of(byParser, 'MB/s', ({ parser }) => parser, megabytes),
    of(byParser, 'messages/s', ({ parser }) => parser, perSecond),
  ];
}

/** One after the other, taking turns in who comes first. */
async function measureBoth(messages, round) {
  const byWalhook = () => timed((count) => decodeByWalhook(messages, (out) => count(out.length)));
  const byParser = () => timed((count) => decodeByParser(messages, (json) => count(json.length)));
  if (round % 2 === 0) {
    const walhook = await byWalhook();
    return { walhook, parser: await byParser() };
  }
  const parser = await byParser();
  return { walhook: await byWalhook(), parser };
}

async function timed(decode) {
  let written = 0;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await decode((length) => {
    written += length;
  });
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (written === 0) throw new Error('nothing was decoded');
  return { wallMs, cpuUs: user + system };
}

/** A race is only fair to the same finish: every event has to say the same in both. */
async function assertSameEvents(messages) {
  const expected = [];
  decodeByParser(messages, (json) => expected.push(json));
  let index = 0;
  await decodeByWalhook(messages, (out) => {
    const json = out.text();
    if (!isDeepStrictEqual(JSON.parse(json), JSON.parse(expected[index] ?? 'null'))) {
      throw new Error(`not the same event: ${json} and ${expected[index]}`);
    }
    index += 1;
  });
  if (index !== expected.length) throw new Error(`${index} events and ${expected.length}`);
}
