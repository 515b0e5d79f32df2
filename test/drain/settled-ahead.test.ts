import { array, assert as check, bigInt, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { comparePositions, type Position } from '../../src/changes/position.ts';
import { decodePositions, encodePositions } from '../../src/drain/settled-ahead.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const position = record({
  commitLsn: bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(toLsn),
  seq: nat({ max: 0xffff_ffff }),
});

test('places come back sorted as they were stored', () => {
  check(
    property(array(position), (positions: readonly Position[]) => {
      const sorted = [...positions].sort(comparePositions);
      expect(decodePositions(encodePositions(positions))).toEqual(sorted);
    }),
  );
});

test('places of one transaction take two bytes each', () => {
  const commitLsn = toLsn(0x7f_1234_5678n);
  const positions = Array.from({ length: 1_000 }, (_, i) => ({ commitLsn, seq: i * 3 }));
  expect(encodePositions(positions).length).toBeLessThan(2_010);
});

test('no places are no bytes', () => {
  expect(encodePositions([])).toEqual(new Uint8Array());
  expect(decodePositions(new Uint8Array())).toEqual([]);
});

test('a list that breaks off is an error, not a shorter list', () => {
  const bytes = encodePositions([{ commitLsn: toLsn(0xffff_ffffn), seq: 300 }]);
  for (let length = 1; length < bytes.length; length++) {
    expect(() => decodePositions(bytes.subarray(0, length))).toThrow('ends in the middle');
  }
});

test('dead letters from before a slot that was adopted are not listed for good', async () => {
  const receiver = await startReceiver(() => 422);
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' } as const;
  const set = 'create table t (id int primary key)';
  const pipeline = await createPipeline({ endpoints: [endpoint] }, set);
  const { database } = pipeline;
  await database.query('insert into t select n from generate_series(1, 20) n');
  await pipeline.drain();
  // What init --adopt does to checkpoints.
  await database.query(
    `update walhook.endpoints set commit_lsn = '0/0', seq = -1, settled_ahead = ''`,
  );
  receiver.answerWith(() => 204);
  for (const id of [100, 101]) {
    await database.query('insert into t values ($1)', [id]);
    expect((await pipeline.drain()).status).toBe('caught_up');
  }
  const rows = await database.query(
    'select octet_length(settled_ahead) as bytes from walhook.endpoints',
  );
  expect(rows).toEqual([{ bytes: 0 }]);
});
