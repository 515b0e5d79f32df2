import { array, assert as check, nat, property } from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { CopyOut } from '../../src/postgres/copy-out.ts';
import { CopyRows } from '../../src/postgres/copy-rows.ts';
import { createTestDatabase } from '../support/database.ts';

/** What the server sent, in one piece. */
let sent: Buffer;
let rowCount: number;
let rowsAfter: { one: number }[];

const ROWS = 120;

const select = `
  select 'FFFFFFFE/FFFFFF00'::pg_lsn + n, convert_to(repeat('x', case when n % 40 = 0 then 9000 else n end), 'UTF8'),
         case when n % 7 = 0 then n * 1000 end
  from generate_series(0, ${ROWS - 1}) n`;

type Row = { lsn: string; length: number; filled: boolean; cutFromBytes: number };

const expected = Array.from({ length: ROWS }, (_, n): Row => ({
  lsn: (0xfffffffe_ffffff00n + BigInt(n)).toString(16),
  length: n % 40 === 0 ? 9_000 : n,
  filled: true,
  cutFromBytes: n % 7 === 0 ? n * 1_000 : 0,
}));

beforeAll(async () => {
  const database = await createTestDatabase();
  const client = await database.client();
  const copy = client.query(new CopyOut(`copy (${select}) to stdout (format binary)`));
  const chunks: Uint8Array[] = [];
  for await (const chunk of copy.chunks()) chunks.push(chunk);
  sent = Buffer.concat(chunks);
  ({ rowCount } = copy);
  ({ rows: rowsAfter } = await client.query<{ one: number }>('select 1 as one'));
});

function readAll(rows: CopyRows, chunks: Iterable<Uint8Array>): Row[] {
  const read: Row[] = [];
  for (const chunk of chunks) {
    rows.push(chunk);
    while (rows.next()) {
      const { bytes, start, end, lsnHigh, lsnLow, cutFromBytes } = rows;
      const lsn = ((BigInt(lsnHigh) << 32n) | BigInt(lsnLow)).toString(16);
      const filled = bytes.subarray(start, end).every((byte) => byte === 0x78);
      read.push({ lsn, length: end - start, filled, cutFromBytes });
    }
  }
  return read;
}

function* cutAt(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    yield bytes.subarray(from, place);
    from = place;
  }
  yield bytes.subarray(from);
}

test('the server counts as many rows as came, and the connection is as before', () => {
  expect(rowCount).toBe(ROWS);
  expect(rowsAfter).toEqual([{ one: 1 }]);
});

test('rows are the same wherever the network cuts the stream', () => {
  check(
    property(array(nat({ max: 1_000_000 }), { maxLength: 400 }), (places) => {
      const rows = new CopyRows();
      const within = places.map((place) => place % (sent.length + 1));
      expect(readAll(rows, cutAt(sent, within))).toEqual(expected);
      rows.assertComplete();
    }),
    { numRuns: 100 },
  );
});

test('rows are the same byte by byte', () => {
  const rows = new CopyRows();
  expect(readAll(rows, cutAt(sent, Array.from(sent.keys())))).toEqual(expected);
  rows.assertComplete();
});

test('a stream that ends early is known as such, wherever it ends', () => {
  for (let length = 0; length < sent.length - 12; length += 97) {
    const rows = new CopyRows();
    const read = readAll(rows, [sent.subarray(0, length)]);
    expect(read).toEqual(expected.slice(0, read.length));
    expect(() => rows.assertComplete()).toThrow('the stream of changes ended in the middle');
  }
});
