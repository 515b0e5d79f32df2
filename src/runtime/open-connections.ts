import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { ConnectionLimits } from './request-limits.ts';

/** How often the log says that connections are closed for want of room. */
const WARN_EVERY_MS = 60_000;

/**
 * The connections of a server, which anybody may open. They are bounded, so that an endpoint and the
 * database can be reached whatever comes here; and none outlives what it was opened for.
 */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #log: DrainLog;
  /** The one that has been quiet for longest first. */
  readonly #quiet = new Set<Socket>();
  /** How many requests of a connection are being worked on. */
  readonly #busy = new Map<Socket, number>();
  readonly #closed = new AbortController();
  #warnedAt = -Infinity;

  constructor(limits: ConnectionLimits, clock: Clock, log: DrainLog) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
  }

  /** Where there is no room, the one that has asked for nothing for longest makes it. */
  opened(socket: Socket): void {
    if (this.#quiet.size + this.#busy.size >= this.#limits.maxConnections) this.#makeRoom(socket);
    if (socket.destroyed) return;
    this.#quiet.add(socket);
    socket.once('close', () => {
      this.#quiet.delete(socket);
      this.#busy.delete(socket);
    });
  }

  /** What is worked on is never closed to make room. */
  async whileBusy<T>(socket: Socket, work: () => Promise<T>): Promise<T> {
    this.#quiet.delete(socket);
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    // The last answer's time does not count against this one.
    socket.setTimeout(0);
    try {
      return await work();
    } finally {
      this.#worked(socket);
    }
  }

  /** After its last answer: its peer may read that, if it does so soon. */
  dismiss(socket: Socket): void {
    // What comes yet is thrown away. Closed with something unread, the peer might not get the answer.
    socket.resume();
    void this.#clock.sleep(this.#limits.lingerMs, this.#closed.signal).then(() => socket.destroy());
  }

  /** Those that ask for nothing, once what they may have sent already is read. */
  async closeQuiet(hasAll: (socket: Socket) => boolean): Promise<void> {
    await this.#clock.sleep(this.#limits.lingerMs, this.#closed.signal);
    for (const socket of this.#quiet) if (hasAll(socket)) socket.destroySoon();
  }

  closeAll(): void {
    this.#closed.abort();
    for (const socket of [...this.#quiet, ...this.#busy.keys()]) socket.destroy();
  }

  #worked(socket: Socket): void {
    const left = this.#busy.get(socket);
    // Closed meanwhile.
    if (left === undefined) return;
    if (left > 1) return void this.#busy.set(socket, left - 1);
    this.#busy.delete(socket);
    this.#quiet.add(socket);
    // Until it has taken its answer; the server sets what follows.
    socket.setTimeout(this.#limits.answerTimeout);
  }

  #makeRoom(newcomer: Socket): void {
    const [oldest = newcomer] = this.#quiet;
    this.#quiet.delete(oldest);
    oldest.destroy();
    const now = this.#clock.now();
    if (Math.abs(now - this.#warnedAt) < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    const { maxConnections } = this.#limits;
    this.#log.warn('too many connections are open: those that ask for nothing are closed', {
      open: maxConnections,
    });
  }
}
