import type { DrainSession } from '../drain/ports.ts';

/**
 * Connections that the next drain finds open. One drain at a time has them; another at the same time
 * gets its own. What something went wrong on is not kept.
 */
export class KeptSession {
  readonly #connect: () => Promise<DrainSession>;
  #free: DrainSession | null = null;
  #isLent = false;
  #isClosed = false;

  constructor(connect: () => Promise<DrainSession>) {
    this.#connect = connect;
  }

  /** Throws WalhookError. */
  async open(): Promise<DrainSession> {
    if (this.#isLent) return this.#connect();
    this.#isLent = true;
    try {
      const session = this.#free ?? (await this.#connect());
      this.#free = null;
      return { ...session, close: (isSound) => this.#takeBack(session, isSound) };
    } catch (error) {
      this.#isLent = false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#free;
    this.#free = null;
    await session?.close(true);
  }

  async #takeBack(session: DrainSession, isSound: boolean): Promise<void> {
    this.#isLent = false;
    if (isSound && !this.#isClosed) this.#free = session;
    else await session.close(isSound);
  }
}
