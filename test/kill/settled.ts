import { comparePositions, eventId, type Position } from '../../src/changes/position.ts';
import { decodePositions } from '../../src/drain/settled-ahead.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import type { TestDatabase } from '../support/database.ts';
import { positionOfId } from './received-event.ts';

/** What the state tables say that an endpoint has settled. */
export class Settled {
  readonly #checkpoint: Position | null;
  readonly #ahead: ReadonlySet<string>;

  constructor(checkpoint: Position | null, ahead: readonly Position[]) {
    this.#checkpoint = checkpoint;
    this.#ahead = new Set(ahead.map(eventId));
  }

  has(id: string): boolean {
    if (this.#ahead.has(id)) return true;
    return this.#checkpoint !== null && comparePositions(positionOfId(id), this.#checkpoint) <= 0;
  }
}

export const NOTHING_SETTLED = new Settled(null, []);

type EndpointRow = { endpoint: string; lsn: string; seq: string; settled_ahead: Buffer };

/** By endpoint; one that is not in it has not settled anything. */
export async function readSettled(database: TestDatabase): Promise<ReadonlyMap<string, Settled>> {
  const rows = await database.query<EndpointRow>(
    'select endpoint, commit_lsn::text as lsn, seq, settled_ahead from walhook.endpoints',
  );
  return new Map(
    rows.map(({ endpoint, lsn, seq, settled_ahead }) => {
      const checkpoint = { commitLsn: parseLsn(lsn), seq: Number(seq) };
      return [endpoint, new Settled(checkpoint, decodePositions(settled_ahead))];
    }),
  );
}
