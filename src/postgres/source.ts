import type { Source, SourceState } from '../drain/ports.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { type Lsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import type { Connection } from './connection.ts';
import { ownSession } from './own-session.ts';
import { readAtOnce } from './read-at-once.ts';
import { PostgresRelationCatalog } from './relation-catalog.ts';
import { readIdentity, readServer } from './server.ts';
import { advanceSlot, assertReadable, readSlot } from './slot.ts';
import { openTrial } from './trial.ts';
import { openWindowReader, type Transport } from './window-reader.ts';

export type SourceOptions = {
  /** For everything but reading windows. */
  readonly control: Connection;
  /** Opens the connection that windows are read on; a drain that finds little needs none. */
  readonly connect: () => Promise<Connection>;
  readonly slot: string;
  readonly publication: string;
  /** The state tables' schema where it lies in this database, else null. */
  readonly stateSchema: string | null;
  readonly transport: Transport;
  /** Changes whose message is larger are not fetched whole. */
  readonly maxMessageBytes: number;
  readonly now: () => number;
};

/** More is not read twice to find out whether it was little. */
const LITTLE_WAL_BYTES = 16 << 20;

/** The drained database as the drain sees it. */
export function postgresSource(options: SourceOptions): Source {
  const { control, slot, publication, stateSchema, transport, maxMessageBytes, now } = options;
  const target = { slot, publication, maxMessageBytes };
  /** Where decoding begins, whatever the window. */
  let restartLsn: Lsn = ZERO_LSN;
  let hasLooseCollations: boolean | null = null;
  let serverEncoding = '';
  return {
    openCatalog(memory) {
      const catalog = new PostgresRelationCatalog(control, slot, memory);
      if (hasLooseCollations !== null) catalog.noteCollations(hasLooseCollations);
      catalog.noteEncoding(serverEncoding);
      return catalog;
    },

    async inspect(): Promise<SourceState> {
      const server = await readServer(control);
      ({ hasLooseCollations, serverEncoding } = server);
      const state = await readSlot(control, slot);
      assertReadable(state, slot, server.database);
      restartLsn = state.restartLsn ?? ZERO_LSN;
      const identity = await readIdentity(control, publication);
      if (identity.publicationOid === null) throw publicationMissing(publication);
      return {
        database: server.database,
        slot,
        identity,
        slotAt: state.confirmedLsn,
        flushedLsn: server.flushedLsn,
        session: ownSession(control),
      };
    },

    async readAtOnce(bounds) {
      if (bounds.uptoLsn - restartLsn > LITTLE_WAL_BYTES) return null;
      return readAtOnce(control, { ...target, stateSchema, now }, bounds);
    },

    openReader: async () => openWindowReader(await options.connect(), target, transport, now),

    openTrial: async (from) => openTrial(await options.connect(), target, from),

    advance: (to) => advanceSlot(control, slot, to),
  };
}

/** Postgres 18 reads a slot without its publication as if nothing had changed, with a warning. */
function publicationMissing(name: string): WalhookError {
  return new WalhookError('publication_missing', `there is no publication named "${name}"`, {
    detail: name,
  });
}
