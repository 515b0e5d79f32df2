import { type Lsn, maxLsn, toLsn } from '../pgoutput/lsn.ts';
import type { Trial, TrialFailure } from './ports.ts';
import { transactionUnreadable, type UnreadableTransaction } from './unreadable.ts';

/** Records begin at multiples of this. */
const ALIGNMENT = 8n;
/** From a change to its commit it is rarely far: how far is tried first, and how that grows. */
const FIRST_STEP = 64n;
const STEP_GROWTH = 8n;
/** Before any record: such a read only shows whether the slot can be read at all. */
const NOWHERE = toLsn(1n);

/**
 * Which transaction it is that a read from `from` to `upTo` failed on. The server tells where the
 * change stands, mostly, and never where its transaction commits; what it decodes with that commit
 * is lost with the error. So reads that only try narrow it down: one fails exactly where it reaches
 * beyond the record before that commit. null: no transaction is to blame, or it can be read now.
 * `isOver` is asked between reads, and ends the search as `stopped`.
 */
export async function findUnreadable(
  trial: Trial,
  from: Lsn,
  upTo: Lsn,
  isOver: () => boolean,
): Promise<UnreadableTransaction | 'stopped' | null> {
  if ((await trial.read(NOWHERE)) !== null) return null;
  const first = await trial.read(upTo);
  if (first === null) return null;
  let failure: TrialFailure = first;
  let readable = from;
  let failed = upTo;

  const canRead = async (uptoLsn: Lsn): Promise<boolean> => {
    const failureNow = await trial.read(uptoLsn);
    if (failureNow === null) readable = maxLsn(readable, uptoLsn);
    else {
      failure = failureNow;
      failed = uptoLsn;
    }
    return failureNow === null;
  };

  // The slot stands before its commit already, where a drain has found it before.
  if (from + 1n < upTo) await canRead(toLsn(from + 1n));
  // A change stands before its commit, so nothing before the change is to blame.
  if (failed > readable && failure.changeLsn !== null && failure.changeLsn < failed) {
    readable = maxLsn(readable, failure.changeLsn);
  }
  for (let step = FIRST_STEP; readable + step < failed; step *= STEP_GROWTH) {
    if (isOver()) return 'stopped';
    if (!(await canRead(toLsn(readable + step)))) break;
  }
  // Of the ends of records in between, the last one that can be read up to.
  let low = alignUp(readable);
  let high = alignDown(toLsn(failed - 1n));
  while (low < high) {
    if (isOver()) return 'stopped';
    const middle = alignDown(toLsn((low + high) / 2n));
    if (await canRead(toLsn(middle + 1n))) low = toLsn(middle + ALIGNMENT);
    else high = middle;
  }
  const found = await trial.describe(low, failure.changeLsn);
  return { ...found, error: transactionUnreadable(found, failure.error) };
}

function alignUp(lsn: Lsn): Lsn {
  return toLsn(((lsn + ALIGNMENT - 1n) / ALIGNMENT) * ALIGNMENT);
}

function alignDown(lsn: Lsn): Lsn {
  return toLsn((lsn / ALIGNMENT) * ALIGNMENT);
}
