import { steadyClock } from '../clock/steady-clock.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { DrainReport } from '../drain/report.ts';
import { isWalhookError } from '../errors/walhook-error.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, disconnect } from '../postgres/connection.ts';
import { WalProbe } from '../postgres/wal-probe.ts';
import { connectToSource } from './connections.ts';
import { DrainPace } from './drain-pace.ts';
import { Drainer } from './drainer.ts';
import { startNodeServer } from './node-server.ts';
import type { Platform } from './platform.ts';
import { ServeLog } from './serve-log.ts';

export type ServeOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Aborts to end: what is under way ends, within `serve.shutdownMs`. */
  readonly signal: AbortSignal;
  readonly onListening?: ((url: string) => void) | undefined;
};

/**
 * The HTTP app, and drains whenever WAL was written. Several may serve one pipeline: the lease decides
 * who drains. True: all that was under way has ended; false: it has not in time.
 * Throws WalhookError where it cannot listen.
 */
export async function serve(options: ServeOptions): Promise<boolean> {
  const { config, platform, log, signal, onListening } = options;
  const { shutdownMs } = config.serve;
  const serveLog = new ServeLog(log, platform.clock);
  const drainer = new Drainer({ config, platform, log });
  const server = await startNodeServer({ config, platform, log, drainer });
  onListening?.(server.url);
  const drains = drainWhileWalMoves(options, drainer, serveLog);
  await aborted(signal);
  const over = new AbortController();
  const ended = Promise.all([drains, server.close(shutdownMs)])
    .then(() => drainer.close())
    .then(() => true);
  const late = platform.clock.sleep(shutdownMs, over.signal).then(() => false);
  const isClean = await Promise.race([ended, late]);
  over.abort();
  return isClean;
}

/** Resolves when the signal has aborted and the last drain has ended. Never rejects. */
async function drainWhileWalMoves(
  options: ServeOptions,
  drainer: Drainer,
  log: ServeLog,
): Promise<void> {
  const { config, platform, signal } = options;
  const { clock } = platform;
  const now = steadyClock(clock);
  const pace = new DrainPace(config.serve);
  const watch = new WalWatch(options);
  while (!signal.aborted) {
    const startedAt = now();
    try {
      if (pace.isDue(startedAt) || (await watch.hasNews(pace.isQuiet))) {
        const report = await drainer.drain({ signal, log: log.ofDrains });
        log.drained(report);
        watch.drained(report);
        pace.drained(report, now());
      } else pace.foundNothing(now() - startedAt);
    } catch (error) {
      log.lookFailed(error);
      await watch.close();
      pace.lookFailed(now());
    }
    await clock.sleep(pace.waitMs, signal);
  }
  await watch.close();
}

/** A probe over a connection that is opened when it is needed, and again when it was lost. */
class WalWatch {
  readonly #config: ResolvedConfig;
  #connection: Connection | null = null;
  #probe: WalProbe | null = null;

  constructor({ config }: Pick<ServeOptions, 'config'>) {
    this.#config = config;
  }

  async hasNews(isQuiet: boolean): Promise<boolean> {
    const probe = this.#probe ?? (await this.#open());
    try {
      return await probe.hasNews(isQuiet);
    } catch (error) {
      // Somebody drains this slot: what he finds is not news for anybody else.
      if (isWalhookError(error, 'slot_in_use')) return false;
      throw error;
    }
  }

  drained({ status, target_lsn: target }: DrainReport): void {
    const hasReadAll = status === 'caught_up' || status === 'held';
    if (hasReadAll && target !== null) this.#probe?.drainedThrough(parseLsn(target));
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    this.#probe = null;
    if (connection !== null) await disconnect(connection);
  }

  async #open(): Promise<WalProbe> {
    const { slot, publication, state } = this.#config;
    const stateSchema = state.url === undefined ? state.schema : null;
    this.#connection = await connectToSource(this.#config);
    this.#probe = new WalProbe(this.#connection, { slot, publication, stateSchema });
    return this.#probe;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
