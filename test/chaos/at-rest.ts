import { eventId } from '../../src/changes/position.ts';
import { readManifest, readSettledPlaces } from '../../src/state/parked-manifest.ts';
import { differences, sourceContents, throwAny } from '../kill/invariants.ts';
import { positionOfId, type WalhookEvent } from '../kill/received-event.ts';
import type { Reference } from '../kill/reference.ts';
import { Replica } from '../kill/replica.ts';
import { NOTHING_SETTLED, readSettled, type Settled } from '../kill/settled.ts';
import type { TestDatabase } from '../support/database.ts';
import { lsnOf, type TestPipeline } from '../support/pipeline.ts';
import type { EndpointAccount, KnownEvents } from './endpoint-account.ts';

export type Watched = {
  readonly pipeline: TestPipeline;
  readonly reference: Reference;
  readonly known: KnownEvents;
  readonly accounts: ReadonlyMap<string, EndpointAccount>;
};

/** What the state tables say of one endpoint. */
export type Recorded = {
  readonly settled: Settled;
  readonly parked: ReadonlySet<string>;
  readonly deadLetters: ReadonlySet<string>;
};

const NOTHING: ReadonlySet<string> = new Set();

/** What holds whenever no drainer runs, however the last one ended. Throws what does not. */
export async function checkAtRest(watched: Watched): Promise<ReadonlyMap<string, Recorded>> {
  const { pipeline, reference, known, accounts } = watched;
  const recorded = await readRecorded(watched);
  const slotAt = lsnOf(await pipeline.slotAt());
  const ids = [...(await reference.ids())];
  for (const [name, account] of accounts) {
    const { settled, parked, deadLetters } = recorded.get(name)!;
    for (const id of deadLetters) account.deadLettered.add(id);
    const problems = [...account.violations];
    for (const id of ids) {
      const event = known.get(id)?.event;
      if (event === undefined || !account.wants(event)) continue;
      const isTaken = account.taken.has(id);
      const isDeadLetter = account.deadLettered.has(id);
      if (isTaken && isDeadLetter) problems.push(`${id} was taken, and is a dead letter`);
      if (isTaken || isDeadLetter || parked.has(id)) continue;
      if (positionOfId(id).commitLsn < slotAt) problems.push(`the slot is past ${id}: it is lost`);
      if (settled.has(id)) problems.push(`${id} is recorded as settled, and is nowhere`);
    }
    throwAny(`endpoint "${name}"`, [...problems, ...account.overtaken(ids)]);
  }
  return recorded;
}

/** A drainer that ended by itself has recorded everything that it was told. */
export function checkRecorded(
  { accounts }: Watched,
  drainer: number,
  recorded: ReadonlyMap<string, Recorded>,
): void {
  for (const [name, account] of accounts) {
    const { settled, parked } = recorded.get(name)!;
    const problems = [...account.toldTo(drainer)].flatMap((id) => {
      if (!settled.has(id)) return [`${id} was confirmed, but is not recorded`];
      return parked.has(id) ? [`${id} was confirmed, but is still parked`] : [];
    });
    throwAny(`endpoint "${name}"`, problems);
  }
}

/** Once all is well again: each endpoint has, or a dead letter holds, whatever it wants; nothing waits. */
export async function checkComplete(watched: Watched, whole: ReadonlySet<string>): Promise<void> {
  const { pipeline, reference, known, accounts } = watched;
  const recorded = await readRecorded(watched);
  const ids = await reference.ids();
  const source = await sourceContents(pipeline);
  for (const [name, account] of accounts) {
    const wanted = [...ids].filter((id) => {
      const event = known.get(id)?.event;
      return event === undefined || account.wants(event);
    });
    const problems = [
      ...wanted
        .filter((id) => !account.taken.has(id) && !account.deadLettered.has(id))
        .map((id) => `${id} was lost`),
      ...[...account.received, ...account.deadLettered]
        .filter((id) => !ids.has(id))
        .map((id) => `${id} does not exist`),
      ...[...recorded.get(name)!.parked].map((id) => `${id} is still parked`),
    ];
    if (whole.has(name)) {
      const events = wanted.map((id) => known.get(id)!.event);
      problems.push(...differences(source, replicaOf(events).contents()));
      const inOrder = account.ordering !== 'none' && !account.hasFailedAlone;
      if (inOrder && account.deadLettered.size === 0) {
        problems.push(...differences(source, account.replica.contents()));
      }
    }
    throwAny(`endpoint "${name}"`, problems);
  }
}

async function readRecorded({
  pipeline: { database },
  accounts,
}: Watched): Promise<ReadonlyMap<string, Recorded>> {
  const settled = await readSettled(database);
  const parked = await readParked(database);
  const deadLetters = await readDeadLetters(database, accounts);
  return new Map(
    [...accounts.keys()].map((name) => [
      name,
      {
        settled: settled.get(name) ?? NOTHING_SETTLED,
        parked: parked.get(name) ?? NOTHING,
        deadLetters: deadLetters.get(name) ?? NOTHING,
      },
    ]),
  );
}

async function readParked(database: TestDatabase): Promise<ReadonlyMap<string, Set<string>>> {
  const rows = await database.query<{ endpoint: string; manifest: string }>(
    'select endpoint, manifest from walhook.parked_batches',
  );
  const parked = new Map<string, Set<string>>();
  for (const { endpoint, manifest } of rows) {
    const settled = readSettledPlaces(manifest);
    const ids = readManifest(manifest)
      .filter((_event, place) => !settled.includes(place))
      .map(({ position }) => eventId(position));
    parked.set(endpoint, new Set([...(parked.get(endpoint) ?? []), ...ids]));
  }
  return parked;
}

async function readDeadLetters(
  database: TestDatabase,
  accounts: Watched['accounts'],
): Promise<ReadonlyMap<string, Set<string>>> {
  const rows = await database.query<{ endpoint: string; event_id: string; body: string }>(
    'select endpoint, event_id, body from walhook.dead_letters',
  );
  const letters = new Map<string, Set<string>>();
  for (const { endpoint, event_id: id, body } of rows) {
    accounts.get(endpoint)!.learn(JSON.parse(body) as WalhookEvent, body);
    letters.set(endpoint, new Set([...(letters.get(endpoint) ?? []), id]));
  }
  return letters;
}

function replicaOf(events: readonly WalhookEvent[]): Replica {
  const replica = new Replica();
  for (const event of events) replica.apply(event);
  return replica;
}
