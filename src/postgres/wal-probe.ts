import { type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';
import { nothingPending } from './nothing-pending.ts';
import { FLUSHED_LSN } from './slot.ts';

export type WalProbeOptions = {
  readonly slot: string;
  readonly publication: string;
  /** The state tables' schema where it lies in this database, else null. */
  readonly stateSchema: string | null;
};

/** Looks for WAL that a drain would find something in, for little more than the question costs. */
export class WalProbe {
  readonly #connection: Connection;
  readonly #options: WalProbeOptions;
  /** All up to here was offered to every endpoint, or is nobody's. */
  #known: Lsn | null = null;

  constructor(connection: Connection, options: WalProbeOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Whether there may be something. Where WAL was written, `isQuiet` has the slot asked whether any
   * of it concerns anybody: a drain's own notes are WAL, too, and would call for the next drain. In
   * a busy time that is left to the drain. Throws WalhookError.
   */
  async hasNews(isQuiet: boolean): Promise<boolean> {
    const flushed = await this.#readFlushed();
    if (this.#known !== null && flushed <= this.#known) return false;
    if (!isQuiet || this.#known === null) return true;
    const range = { after: this.#known, upTo: flushed };
    const isNobodys = await nothingPending(this.#connection, { ...this.#options, ...range });
    if (isNobodys) this.#known = flushed;
    return !isNobodys;
  }

  /** A drain has read what was flushed there. What an endpoint would not take of it is no news. */
  drainedThrough(target: Lsn): void {
    if (this.#known === null || target > this.#known) this.#known = target;
  }

  async #readFlushed(): Promise<Lsn> {
    const [row] = await query<{ flushed: string | null }>(
      this.#connection,
      `select (${FLUSHED_LSN})::text as flushed`,
    );
    return parseLsn(row?.flushed ?? '0/0');
  }
}
