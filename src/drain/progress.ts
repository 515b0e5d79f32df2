import type { Clock } from '../clock/clock.ts';
import { steadyClock } from '../clock/steady-clock.ts';
import { type CountsSnapshot, countsSince } from '../delivery/dispatch-counts.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import { stateOf } from './endpoint-state.ts';
import { whoMisses } from './missed.ts';
import { encodePositions } from './settled-ahead.ts';
import type { EndpointProgress, EndpointRecord, Lease, StateStore } from './state-store.ts';
import type { WindowTotals } from './window-totals.ts';

export type ProgressOptions = {
  readonly state: StateStore;
  readonly lease: Lease;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Endpoints that the tables know, and that are not configured. */
  readonly absent: readonly EndpointRecord[];
  readonly leaseMs: number;
  readonly checkpointMs: number;
  readonly redact: (text: string) => string;
  /** What windows cost since it was asked before. */
  readonly takeWindowTotals: () => WindowTotals;
  readonly onStep: (step: 'before-checkpoint' | 'after-checkpoint') => void | Promise<void>;
  /** A write failed: the drain has to stop, and `failure` tells why. */
  readonly onFailure: () => void;
};

/** A lease is renewed this often within its time. */
const RENEWALS_PER_LEASE = 3;

/**
 * Writes checkpoints while events are delivered, and renews the lease with them. A write that fails
 * is the end of the pass: whoever cannot record must not go on sending.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #saved = new Map<EndpointDispatch, { counts: CountsSnapshot; mark: string }>();
  readonly #noted = new Set<string>();
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  readonly #now: () => number;
  #renewedAt: number;
  failure: { readonly error: unknown } | null = null;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = steadyClock(options.clock);
    this.#renewedAt = this.#now();
    for (const endpoint of options.dispatcher.endpoints) {
      this.#saved.set(endpoint, { counts: endpoint.counts.snapshot(), mark: markOf(endpoint) });
    }
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the writing in the background. Never throws. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** One write at a time: each counts what came since the one before. */
  save(): Promise<void> {
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#save());
    return this.#saving;
  }

  #saving: Promise<void> = Promise.resolve();

  /**
   * If that is due, as it is at once in a process that was suspended for a while: then another may
   * have drained meanwhile. Throws lease_lost.
   */
  async renewLease(): Promise<void> {
    const { leaseMs, state, lease } = this.#options;
    if (this.#now() - this.#renewedAt < leaseMs / RENEWALS_PER_LEASE) return;
    await state.renewLease(lease, leaseMs);
    this.#renewedAt = this.#now();
  }

  /** Call before the slot moves on from there. Throws lease_lost. */
  async noteMissed(slotAt: Lsn): Promise<void> {
    const { absent, dispatcher, state, lease } = this.#options;
    const watermarks = dispatcher.endpoints.map(({ watermark }) => watermark);
    const missing = whoMisses(absent, watermarks, slotAt).filter((name) => !this.#noted.has(name));
    if (missing.length === 0) return;
    await state.noteMissed(lease, missing, slotAt);
    for (const name of missing) this.#noted.add(name);
  }

  async #save(): Promise<void> {
    const { state, lease, leaseMs, dispatcher, onStep, takeWindowTotals } = this.#options;
    const unsaved = dispatcher.endpoints.filter(
      (endpoint) => this.#saved.get(endpoint)!.mark !== markOf(endpoint),
    );
    if (unsaved.length === 0) return;
    const counts = unsaved.map((endpoint) => endpoint.counts.snapshot());
    const marks = unsaved.map(markOf);
    const progress = unsaved.map((endpoint, i) => this.#progressOf(endpoint, counts[i]!));
    const replays = unsaved.map(({ outlet }) => outlet.replayed.unsaved());
    await onStep('before-checkpoint');
    const pauses = await state.saveProgress(
      lease,
      leaseMs,
      progress,
      replays.flatMap(({ sent }) => sent),
      replays.flatMap(({ partly }) => partly),
      takeWindowTotals(),
    );
    await onStep('after-checkpoint');
    this.#renewedAt = this.#now();
    unsaved.forEach((endpoint, i) => {
      this.#saved.set(endpoint, { counts: counts[i]!, mark: marks[i]! });
      endpoint.outlet.replayed.saved(replays[i]!);
    });
    for (const { options, outlet } of dispatcher.endpoints) {
      const pause = pauses.get(options.name);
      if (pause !== undefined) outlet.pause(pause);
    }
  }

  async #run(): Promise<void> {
    const { clock, checkpointMs, leaseMs } = this.#options;
    const tickMs = Math.min(checkpointMs, leaseMs / RENEWALS_PER_LEASE);
    try {
      for (;;) {
        await clock.sleep(tickMs, this.#stop.signal);
        if (this.#stop.signal.aborted) return;
        await this.save();
        await this.renewLease();
      }
    } catch (error) {
      this.failure = { error };
      this.#options.onFailure();
    }
  }

  #progressOf(endpoint: EndpointDispatch, now: CountsSnapshot): EndpointProgress {
    const { state, reason } = stateOf(endpoint);
    return {
      endpoint: endpoint.options.name,
      settled: endpoint.watermark,
      settledAhead: encodePositions(endpoint.settledAhead()),
      state,
      reason: reason === null ? null : this.#options.redact(reason),
      health: endpoint.outlet.newHealth,
      ...countsSince(now, this.#saved.get(endpoint)!.counts),
    };
  }
}

/** Changes with anything that a checkpoint records: what is settled ahead, or tallied, changes a count. */
function markOf(endpoint: EndpointDispatch): string {
  const { watermark, counts, outlet } = endpoint;
  const { newHealth, replayed } = outlet;
  const place = [String(watermark.commitLsn), watermark.seq];
  return JSON.stringify([place, counts, stateOf(endpoint), newHealth, replayed.hasUnsaved]);
}
