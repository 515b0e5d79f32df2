import { formatLsn } from '../pgoutput/lsn.ts';
import { describeTransaction } from './describe.ts';
import type { Say } from './init-step.ts';
import type { PipelineAccess } from './pipeline.ts';

/** A person starts to wonder after this long. */
const LONG_MS = 1_000;

/** Makes the slot where there is none. Postgres lets that wait for every transaction under way. */
export async function ensureSlot(
  { database, pipeline }: PipelineAccess,
  { failover }: { readonly failover: boolean },
  say: Say,
): Promise<void> {
  const name = `slot "${pipeline.slot}"`;
  const before = await database.readSlot(pipeline.slot);
  if (before !== null) {
    const kept = failover ? '; whether it fails over stays as it was' : '';
    const text = `${name} at ${at(before.confirmedLsn)}${kept}`;
    return say({ subject: 'slot', outcome: 'already_there', text });
  }
  const blocking = await database.openTransactions(LONG_MS);
  if (blocking.length > 0) {
    const text = `${name} can be made once these have ended: ${blocking.map(describeTransaction).join('; ')}`;
    say({ subject: 'slot', outcome: 'warning', text });
  }
  const created = await database.createSlot(pipeline.slot, { failover });
  const slot = await database.readSlot(pipeline.slot);
  say({
    subject: 'slot',
    outcome: created ? 'created' : 'already_there',
    text: `${name} at ${at(slot?.confirmedLsn ?? null)}: changes committed from here on are kept for walhook`,
  });
}

function at(lsn: Parameters<typeof formatLsn>[0] | null): string {
  return lsn === null ? 'no position' : formatLsn(lsn);
}
