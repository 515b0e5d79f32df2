import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { expect, test } from 'vitest';
import { CopyOut } from '../../src/postgres/copy-out.ts';
import { createTestDatabase } from '../support/database.ts';

const FRAME_HEADER_BYTES = 5;
const COPY_DATA = 0x64;

async function collect(client: Client, text: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.query(new CopyOut(text)).chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The contents of the frames of copy data, joined. */
function unframe(frames: Buffer): Buffer {
  const contents: Buffer[] = [];
  for (let at = 0; at < frames.length;) {
    const end = at + 1 + frames.readUInt32BE(at + 1);
    if (frames[at] === COPY_DATA) contents.push(frames.subarray(at + FRAME_HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(contents);
}

const ROWS = `copy (select n, repeat(md5(n::text), n % 60) from generate_series(1, 20000) n)
  to stdout (format binary)`;

test('the same bytes arrive as another implementation brings', async () => {
  const client = await (await createTestDatabase()).client();
  const expected: Buffer[] = [];
  for await (const chunk of client.query(copyTo(ROWS))) expected.push(chunk as Buffer);

  const frames = await collect(client, ROWS);

  expect(unframe(frames).equals(Buffer.concat(expected))).toBe(true);
});

test('the connection is the driver’s again afterwards, also after an empty copy', async () => {
  const client = await (await createTestDatabase()).client();
  await collect(client, 'copy (select 1 where false) to stdout (format binary)');
  const copy = new CopyOut(ROWS);
  for await (const chunk of client.query(copy).chunks()) expect(chunk.length).toBeGreaterThan(0);
  const { rows } = await client.query('select 7 as seven');
  expect(copy.rowCount).toBe(20_000);
  expect(rows).toEqual([{ seven: 7 }]);
});

test('a consumer that takes nothing makes the server wait', async () => {
  const database = await createTestDatabase();
  const client = await database.client();
  const [row] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  const copy = client.query(
    new CopyOut(
      'copy (select repeat(md5(n::text), 3000) from generate_series(1, 2000) n) to stdout',
    ),
  );
  const chunks = copy.chunks();
  await chunks.next();

  const waits = async (): Promise<unknown> => {
    const [activity] = await database.query(
      'select wait_event from pg_stat_activity where pid = $1',
      [row!.pid],
    );
    return activity?.['wait_event'];
  };
  await expect.poll(waits).toBe('ClientWrite');

  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(2000 * 96_000 - (2 << 20));
  expect(copy.rowCount).toBe(2000);
});

test('an error of the server comes out where it stood, and the connection goes on', async () => {
  const client = await (await createTestDatabase()).client();
  await expect(
    collect(client, 'copy (select 1 / (5000 - n) from generate_series(1, 9000) n) to stdout'),
  ).rejects.toThrow('division by zero');
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a connection that is cut in the middle is an error, not an end', async () => {
  const database = await createTestDatabase();
  const client = await database.client();
  const [row] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  const chunks = client
    .query(
      new CopyOut(
        'copy (select repeat(md5(n::text), 3000) from generate_series(1, 5000) n) to stdout',
      ),
    )
    .chunks();
  await chunks.next();
  await database.query('select pg_terminate_backend($1)', [row!.pid]);
  const rest = async (): Promise<void> => {
    for await (const chunk of chunks) expect(chunk).toBeInstanceOf(Uint8Array);
  };
  await expect(rest()).rejects.toMatchObject({ code: 'database_connection_lost' });
});
