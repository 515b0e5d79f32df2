import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { stdoutSink } from '../../src/sinks/stdout/stdout-sink.ts';
import { createPipeline } from '../support/pipeline.ts';

const delivery = (body: string) => ({
  id: '1',
  contentType: 'application/json',
  body: Buffer.from(body),
  eventCount: 1,
  headers: {},
});
const signal = new AbortController().signal;

test('each event is one line on a pipe, in commit order', async () => {
  const reader = spawn('cat');
  const output = text(reader.stdout);
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'out', type: 'stdout' }] },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(
    `insert into t select n, E'line\\nbreak' from generate_series(1, 1200) n`,
  );
  const report = await pipeline.drain({
    platform: { ...nodePlatform, createStdoutSink: () => stdoutSink(reader.stdin) },
  });
  reader.stdin.end();

  const lines = (await output).split('\n');
  expect(report).toMatchObject({ status: 'caught_up', endpoints: [{ delivered: 1200 }] });
  expect(lines.pop()).toBe('');
  const events = lines.map((line) => JSON.parse(line) as { id: string; after: object });
  expect(events).toHaveLength(1200);
  expect(events[0]?.after).toEqual({ id: 1, note: 'line\nbreak' });
  expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).sort());
});

test('a pipe that nobody reads any more holds the endpoint, and loses nothing', async () => {
  const reader = spawn('true');
  await once(reader, 'exit');
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'out', type: 'stdout' }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 5) n');
  const report = await pipeline.drain({
    platform: { ...nodePlatform, createStdoutSink: () => stdoutSink(reader.stdin) },
  });
  expect(report.status).toBe('held');
  expect(report.endpoints[0]).toMatchObject({
    delivered: 0,
    error: expect.stringMatching(
      /^unavailable: standard output is closed \((EPIPE|ERR_STREAM_DESTROYED)\); after 1 attempt$/,
    ),
  });

  const next = spawn('cat');
  const output = text(next.stdout);
  const again = await pipeline.drain({
    platform: { ...nodePlatform, createStdoutSink: () => stdoutSink(next.stdin) },
  });
  next.stdin.end();
  expect(again.status).toBe('caught_up');
  expect((await output).split('\n')).toHaveLength(6);
});

test('a stream leaves no listeners behind', async () => {
  const reader = spawn('cat');
  reader.stdout.resume();
  const sink = stdoutSink(reader.stdin);
  const before = reader.stdin.listenerCount('error');
  for (let i = 0; i < 20; i++) {
    expect(await sink.send(delivery(`{"n":${i}}\n`), signal)).toEqual({
      kind: 'delivered',
      pauseMs: null,
    });
  }
  expect(reader.stdin.listenerCount('error')).toBe(before);
  reader.stdin.end();
  await once(reader, 'exit');
});
