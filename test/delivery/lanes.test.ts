import {
  array,
  assert as check,
  asyncProperty,
  constantFrom,
  integer,
  nat,
  property,
  subarray,
  tuple,
} from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { RowChange, Transaction } from '../../src/changes/change-event.ts';
import { relationView } from '../../src/changes/relation-view.ts';
import { laneAssignment } from '../../src/delivery/lane-assignment.ts';
import { Lanes } from '../../src/delivery/lanes.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { tupleOf } from '../pgoutput/tuple-of.ts';

test('each lane runs one task at a time, in order, and barriers never wait for each other in a ring', async () => {
  const tasks = array(tuple(subarray([0, 1, 2, 3], { minLength: 1 }), nat({ max: 3 })), {
    maxLength: 40,
  });
  await check(
    asyncProperty(tasks, async (wanted) => {
      const lanes = new Lanes(4);
      const busy = new Set<number>();
      const ran: number[] = [];
      const done = wanted.map(([over, turns], task) =>
        lanes.add(over, async () => {
          for (const lane of over) {
            expect(busy.has(lane)).toBe(false);
            busy.add(lane);
          }
          ran.push(task);
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          for (const lane of over) busy.delete(lane);
        }),
      );
      await Promise.all(done);
      await lanes.idle();
      expect([...ran].sort((a, b) => a - b)).toEqual(wanted.map((_, task) => task));
      for (const lane of [0, 1, 2, 3]) {
        const ofLane = ran.filter((task) => wanted[task]![0].includes(lane));
        expect(ofLane).toEqual([...ofLane].sort((a, b) => a - b));
      }
    }),
    { numRuns: 60 },
  );
});

test('a barrier that fails fails alone', async () => {
  const lanes = new Lanes(2);
  const failing = lanes.add([0, 1], () => Promise.reject(new Error('no')));
  const after = [0, 1].map((lane) => lanes.add([lane], () => Promise.resolve()));
  await expect(failing).rejects.toThrow('no');
  await expect(Promise.all(after)).resolves.toBeDefined();
});

const relation = relationView(
  {
    kind: 'relation',
    xid: null,
    relationId: 1,
    schema: 'public',
    table: 't',
    replicaIdentity: 'default',
    columns: [
      { name: 'a', typeOid: 25, typeModifier: -1, isKey: true },
      { name: 'note', typeOid: 25, typeModifier: -1, isKey: false },
    ],
  },
  undefined,
  [],
);

const transaction: Transaction = { xid: 1, commitLsn: toLsn(0x1234n), committedAt: 0n };
const utf8 = new TextEncoder();
const row = (key: string, note: string) =>
  tupleOf([key, note].map((text) => ({ form: 'text', bytes: utf8.encode(text) }) as const));
const keyOnly = (key: string) => tupleOf([{ form: 'text', bytes: utf8.encode(key) }, null]);

function change(op: RowChange['op'], key: string, note: string, oldKey?: string): RowChange {
  const old = op === 'delete' ? key : oldKey;
  return {
    op,
    relation,
    old: old === undefined ? null : { kind: 'key', tuple: keyOnly(old) },
    new: op === 'delete' ? null : row(key, note),
    transaction,
    seq: 0,
    lsnHigh: 0,
    lsnLow: 0,
  };
}

const texts = constantFrom('', 'a', 'b', '1', 'ä漢', 'x'.repeat(300));

test('every change of a row goes to one lane, whatever else is in it', () => {
  check(
    property(integer({ min: 2, max: 64 }), texts, texts, texts, (laneCount, key, one, other) => {
      const assign = laneAssignment('key', laneCount);
      const lanes = [
        assign(change('insert', key, one)),
        assign(change('update', key, other)),
        assign(change('update', key, other, key)),
        assign(change('delete', key, '')),
      ];
      expect(new Set(lanes.map((lane) => lane.join())).size).toBe(1);
      expect(lanes[0]).toHaveLength(1);
    }),
  );
});

test('a change of key passes the lane of its old key and that of its new one', () => {
  check(
    property(integer({ min: 2, max: 64 }), texts, texts, (laneCount, from, to) => {
      const assign = laneAssignment('key', laneCount);
      const [before] = assign(change('delete', from, ''));
      const [after] = assign(change('insert', to, ''));
      const moved = assign(change('update', to, '', from));
      expect(new Set(moved)).toEqual(new Set([before, after]));
      expect(moved.length).toBe(new Set(moved).size);
    }),
  );
});

test('what concerns all rows passes all lanes', () => {
  const assign = laneAssignment('key', 3);
  const place = { transaction, seq: 0, lsnHigh: 0, lsnLow: 0 };
  const all = assign({
    op: 'truncate',
    relation,
    cascade: false,
    restartIdentity: false,
    ...place,
  });
  expect([...all].sort()).toEqual([0, 1, 2]);
  expect(
    assign({ op: 'message', prefix: '', content: new Uint8Array(), transactional: true, ...place }),
  ).toBe(all);
});

test('strict has one lane, and none uses them all', () => {
  const event = change('insert', 'a', 'b');
  expect(laneAssignment('strict', 8)(event)).toEqual([0]);
  const used = new Set(
    Array.from({ length: 8 }, (_, seq) => laneAssignment('none', 8)({ ...event, seq }).join()),
  );
  expect(used.size).toBe(8);
});
