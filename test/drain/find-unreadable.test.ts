import { assert, asyncProperty, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { findUnreadable } from '../../src/drain/find-unreadable.ts';
import type { Trial } from '../../src/drain/ports.ts';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { type Lsn, toLsn } from '../../src/pgoutput/lsn.ts';

const error = new WalhookError('database_query_failed', 'division by zero', { detail: '22012' });

type FakeTrial = Trial & { reads: number };

/** As the server does: it decodes records until one ends at or beyond the bound. */
function trialOf(endBefore: Lsn, changeLsn: Lsn | null): FakeTrial {
  return {
    reads: 0,
    read(uptoLsn) {
      this.reads += 1;
      return Promise.resolve(uptoLsn > endBefore ? { error, changeLsn } : null);
    },
    describe: (readableTo) =>
      Promise.resolve({
        readableTo,
        commitLsn: readableTo,
        beginLsn: null,
        xid: null,
        changeLsn,
        tables: [],
      }),
    close: () => Promise.resolve(),
  };
}

const lsn = (value: number): Lsn => toLsn(BigInt(value));

test('finds the record before the commit, wherever it stands and whatever the server tells of it', async () => {
  await assert(
    asyncProperty(
      record({
        from: integer({ min: 100, max: 1 << 20 }),
        commit: integer({ min: 0, max: 1 << 22 }),
        change: option(integer({ min: 0, max: 1 << 20 })),
        rest: integer({ min: 1, max: 1 << 22 }),
      }),
      async ({ from, commit, change, rest }) => {
        const endBefore = Math.ceil(from / 8) * 8 + commit * 8;
        const changeLsn = change === null ? null : lsn(Math.max(0, endBefore - 8 * change));
        const trial = trialOf(lsn(endBefore), changeLsn);
        const found = await findUnreadable(trial, lsn(from), lsn(endBefore + rest), () => false);
        expect(found).toMatchObject({ readableTo: lsn(endBefore), changeLsn });
        expect(trial.reads).toBeLessThan(60);
      },
    ),
  );
});

test('three reads tell a drain that stands before it already', async () => {
  const trial = trialOf(lsn(1_000), lsn(900));
  await findUnreadable(trial, lsn(1_000), lsn(1 << 24), () => false);
  expect(trial.reads).toBe(3);
});

test('blames no transaction where nothing can be read at all, or all can be read by now', async () => {
  const nothing = { ...trialOf(lsn(0), null) };
  expect(await findUnreadable(nothing, lsn(1_000), lsn(2_000), () => false)).toBeNull();
  const everything = trialOf(lsn(3_000), null);
  expect(await findUnreadable(everything, lsn(1_000), lsn(2_000), () => false)).toBeNull();
});

test('stops between two reads when it is time', async () => {
  const trial = trialOf(lsn(1 << 20), null);
  expect(await findUnreadable(trial, lsn(1_000), lsn(1 << 24), () => true)).toBe('stopped');
});
