import { lsnOf, type TestPipeline } from '../support/pipeline.ts';
import type { EndpointLedger } from './endpoint-ledger.ts';
import { positionOfId } from './received-event.ts';
import type { Reference } from './reference.ts';
import { rowText } from './replica.ts';
import { NOTHING_SETTLED, readSettled, type Settled } from './settled.ts';
import { KEYS } from './workload.ts';

export type Watched = {
  readonly pipeline: TestPipeline;
  readonly reference: Reference;
  readonly ledgers: ReadonlyMap<string, EndpointLedger>;
};

/** What holds whenever no drainer runs, however the last one ended. Throws what does not. */
export async function checkAtRest(watched: Watched): Promise<ReadonlyMap<string, Settled>> {
  const { pipeline, reference, ledgers } = watched;
  const settled = await readSettled(pipeline.database);
  const slotAt = lsnOf(await pipeline.slotAt());
  const ids = await reference.ids();
  for (const [name, ledger] of ledgers) {
    const problems = [...ledger.violations];
    const recorded = settled.get(name) ?? NOTHING_SETTLED;
    for (const id of ids) {
      if (ledger.confirmed.has(id)) continue;
      const { commitLsn } = positionOfId(id);
      if (commitLsn < slotAt) {
        problems.push(
          `the slot stands at ${slotAt.toString(16)}, past ${id}, which is unconfirmed`,
        );
      }
      if (recorded.has(id)) problems.push(`${id} is recorded as settled, but was not confirmed`);
    }
    throwAny(`endpoint "${name}"`, problems);
  }
  return settled;
}

/** A drainer that ended by itself has recorded everything that it was told. */
export function checkRecorded(
  { ledgers }: Watched,
  drainer: number,
  settled: ReadonlyMap<string, Settled>,
): void {
  for (const [name, ledger] of ledgers) {
    const recorded = settled.get(name) ?? NOTHING_SETTLED;
    const forgotten = [...ledger.confirmedTo[drainer]!].filter((id) => !recorded.has(id));
    throwAny(
      `endpoint "${name}"`,
      forgotten.map((id) => `${id} was confirmed, but is not recorded`),
    );
  }
}

/** Once a drainer has caught up: every event there is arrived, none else, and the tables agree. */
export async function checkComplete({ pipeline, reference, ledgers }: Watched): Promise<void> {
  const ids = await reference.ids();
  const source = await sourceContents(pipeline);
  for (const [name, ledger] of ledgers) {
    const { received, confirmed } = ledger;
    const lost = [...ids].filter((id) => !confirmed.has(id));
    const invented = [...received].filter((id) => !ids.has(id));
    throwAny(`endpoint "${name}"`, [
      ...lost.map((id) => `${id} was lost`),
      ...invented.map((id) => `${id} does not exist`),
      ...differences(source, ledger.replica().contents()),
    ]);
  }
}

export async function sourceContents({
  database,
}: TestPipeline): Promise<Record<string, string[]>> {
  const contents: Record<string, string[]> = {};
  for (const table of Object.keys(KEYS)) {
    const rows = await database.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from ${table} t`,
    );
    contents[table] = rows.map(({ row }) => rowText(row)).sort();
  }
  return contents;
}

export function differences(
  source: Record<string, string[]>,
  replica: Record<string, string[]>,
): string[] {
  return Object.keys(source)
    .filter((table) => source[table]!.join('\n') !== replica[table]!.join('\n'))
    .map(
      (table) =>
        `${table} differs:\n  source  ${source[table]!.join(' ')}\n  replica ${replica[table]!.join(' ')}`,
    );
}

const SHOWN = 5;

export function throwAny(where: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > SHOWN ? `\n  and ${problems.length - SHOWN} more` : '';
  throw new Error(`${where}: ${problems.slice(0, SHOWN).join('\n  ')}${more}`);
}
