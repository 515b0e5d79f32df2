import type { Position } from '../changes/position.ts';
import type { Clock } from '../clock/clock.ts';
import { Admission } from './admission.ts';
import { startAttempt } from './attempt-span.ts';
import type { ClosedBatch } from './batcher.ts';
import type { BreakerPolicy, EndpointHealth } from './circuit-breaker.ts';
import { type DeadLetter, refusedEvent } from './dead-letter.ts';
import type { DispatchCounts } from './dispatch-counts.ts';
import type { EndpointMode } from './endpoint-mode.ts';
import type { Framing } from '../formats/framing.ts';
import type { Parcel } from './parcel.ts';
import { ParcelDelivery } from './parcel-delivery.ts';
import type { ParkedBatch, StoredParkedBatch } from './parked-batch.ts';
import { Parking, type ParkingBounds } from './parking.ts';
import type { RateLimit } from './rate-limit.ts';
import { Replay } from './replay.ts';
import type { Replayed } from './replayed.ts';
import type { RetryPolicy } from './retry.ts';
import { Sender } from './sender.ts';
import type { Delivery, Outcome, Sink } from './sink.ts';
import type { Span } from './tracing.ts';

/** Durable stores; each method resolves once what it was given is safe. */
export type EndpointStore = {
  setAside(letter: DeadLetter): Promise<void>;
  park(batches: readonly ParkedBatch[]): Promise<void>;
  loadParked(endpoint: string, afterId: bigint): Promise<readonly StoredParkedBatch[]>;
  /** Dead letters of the endpoint that may stand in a parked batch too. */
  setAsidePositions(endpoint: string): Promise<readonly Position[]>;
  pause(endpoint: string, reason: string): Promise<void>;
};

type OnAttempt = (
  endpoint: string,
  delivery: Delivery,
  outcome: Outcome,
  traceparent: string,
) => void;

export type DispatchEnvironment = {
  readonly clock: Clock;
  readonly store: EndpointStore;
  /** Called at each change that may let somebody go on: a settlement, a hold, a failure. */
  readonly onChange: () => void;
  /** Resolves at the next such change. */
  readonly change: () => Promise<void>;
  /** Whether one more attempt may begin in this drain, at any endpoint. */
  readonly mayAttempt?: () => boolean;
  readonly onAttempt?: OnAttempt;
  /** What attempts are traced under. */
  readonly span: Span;
  readonly onBoundary?: (boundary: 'before-send' | 'after-send') => void | Promise<void>;
};

export type OutletOptions = {
  readonly endpoint: string;
  readonly framing: Framing;
  readonly laneCount: number;
  /** How lanes are numbered. */
  readonly numbering: string;
  readonly retry: RetryPolicy;
  readonly circuitBreaker: BreakerPolicy;
  readonly parking: ParkingBounds;
  readonly sink: Sink;
  readonly limit: RateLimit;
  readonly mode: EndpointMode;
  readonly health: EndpointHealth;
  readonly parked: { readonly events: number; readonly bytes: number };
  readonly replayed: Replayed;
  /** What comes from here on is another round's. */
  readonly leaveBehind: () => void;
};

/**
 * Where an endpoint's closed batches go: to the endpoint, through its lanes, or into the tables, as
 * its mode says (see endpoint-mode.ts).
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #env: DispatchEnvironment;
  readonly #counts: DispatchCounts;
  readonly #admission: Admission;
  readonly #sender: Sender;
  readonly #parking: Parking;
  readonly #replay: Replay;
  readonly #stopSending = new AbortController();
  readonly #abortAttempts = new AbortController();
  #pausing: Promise<void> | null = null;
  #heldBecause: string | null;
  #failure: { readonly error: unknown } | null = null;

  constructor(options: OutletOptions, counts: DispatchCounts, env: DispatchEnvironment) {
    const { endpoint, framing, laneCount, numbering, retry, sink, limit, mode, health } = options;
    const { clock, store, onChange, mayAttempt } = env;
    const stop = this.#stopSending.signal;
    const onFailure = (error: unknown): void => this.fail(error);
    const onHold = (reason: string): void => this.hold(reason);
    this.#options = options;
    this.#env = env;
    this.#counts = counts;
    this.#heldBecause = mode.kind === 'held' ? mode.because : null;
    const breaker = options.circuitBreaker;
    const admitted = { health, breaker, retry, limit, clock, stop, mayAttempt, onHold };
    this.#admission = new Admission(admitted);
    const delivery = new ParcelDelivery({
      sink,
      admission: this.#admission,
      retry,
      clock,
      stop,
      abort: this.#abortAttempts.signal,
      setAside: (parcel, index, refusal) =>
        store.setAside(refusedEvent(endpoint, parcel, index, refusal)),
      onHold,
      onGone: (reason) => this.#gone(reason),
      startAttempt: (sent, attempt) => startAttempt(env.span, endpoint, sent, attempt),
      onAttempt: (...attempt) => this.#attempted(...attempt),
      onBoundary: (boundary) => env.onBoundary?.(boundary),
    });
    this.#sender = new Sender(laneCount, delivery, onFailure, onChange);
    this.#parking = new Parking({
      endpoint,
      numbering,
      bounds: options.parking,
      ...options.parked,
      store: (batches) => store.park(batches),
      onParked: (batch) => this.#parked(batch),
      onFull: () => this.#parkingFull(),
      onFailure,
      onChange,
    });
    this.#replay = new Replay({
      framing,
      sender: this.#sender,
      numbering,
      replayed: options.replayed,
      stop,
      load: (afterId) => store.loadParked(endpoint, afterId),
      setAside: () => store.setAsidePositions(endpoint),
      isStored: () => this.#parking.isIdle,
      onSettled: (parcel, indexes, how) => this.#count(parcel, indexes, how),
      onSent: (events, bytes) => this.#parking.left(events, bytes),
      onFailure,
      onChange,
      change: env.change,
    });
  }

  /** Sends what is parked, where this round does; to be called once, before anything is taken. */
  start(): void {
    if (this.#options.mode.kind === 'replaying') this.#replay.start();
  }

  take(closed: ClosedBatch): void {
    if (this.#parking.hasTurnedAway) return;
    if (this.isParking) {
      this.#replay.more();
      return this.#parking.park(closed);
    }
    const { parcel, indexes: toSend, lanes, ticket, release } = closed;
    this.#sender.send({
      parcel,
      indexes: toSend,
      lanes,
      onSettled: (indexes, how) => {
        ticket.settle(indexes);
        this.#count(parcel, indexes, how);
      },
      onDone: (settled) => {
        if (settled) release();
      },
    });
  }

  /** True while more batches should wait. */
  get isFull(): boolean {
    return this.isParking ? this.#parking.isFull : this.#sender.isFull;
  }

  /** No batch is queued or under way. */
  get isIdle(): boolean {
    return this.#sender.isIdle && this.#parking.isIdle && this.#replay.isIdle;
  }

  /** Batches that were taken here go into the tables. */
  get isParking(): boolean {
    const { kind } = this.#options.mode;
    return kind === 'parking' || (kind === 'replaying' && !this.#replay.isThrough);
  }

  /** Why nothing is sent in this round; null where the endpoint is sent to. */
  get parkingBecause(): string | null {
    const { mode } = this.#options;
    return mode.kind === 'parking' ? mode.because : null;
  }

  get health(): EndpointHealth {
    return this.#admission.health;
  }

  /** What attempts have told of it in this round; null while there was none. */
  get newHealth(): EndpointHealth | null {
    const { health } = this.#admission;
    return health === this.#options.health ? null : health;
  }

  get heldBecause(): string | null {
    return this.#heldBecause;
  }

  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** No further attempt begins; those under way may end. */
  stopSending(): void {
    this.#stopSending.abort();
  }

  /** Ends the attempts under way: their outcome stays unknown, so their events stay unsettled. */
  abortAttempts(): void {
    this.#stopSending.abort();
    this.#abortAttempts.abort();
  }

  /** Nothing more is sent for the rest of the round; what is not settled stays so. */
  hold(reason: string): void {
    this.#heldBecause ??= reason;
    this.#stopSending.abort();
    this.#env.onChange();
  }

  /** By a person, while it is drained to. */
  pause({ reason, parks }: { readonly reason: string; readonly parks: boolean }): void {
    if (parks && this.#options.mode.kind === 'parking') return;
    this.hold(`paused: ${reason}`);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stopSending.abort();
    this.#env.onChange();
  }

  async idle(): Promise<void> {
    do {
      await this.#replay.idle();
      await this.#sender.idle();
      await this.#parking.idle();
    } while (!this.isIdle);
    await this.#pausing;
  }

  /** What has become of parked batches: to be written with the next checkpoint. */
  get replayed(): Replayed {
    return this.#options.replayed;
  }

  /** Where what is parked is being sent there will be room again: what is read waits for that. */
  #parkingFull(): void {
    const { mode, parking, leaveBehind } = this.#options;
    if (mode.kind === 'replaying') leaveBehind();
    else this.hold(parkingIsFull(parking));
  }

  #parked({ parcel: { events }, indexes }: ClosedBatch): void {
    for (const index of indexes) this.#counts.event(events.operationAt(index), 'parked');
    if (this.#options.mode.kind !== 'replaying' || this.#stopSending.signal.aborted) return;
    this.#replay.start();
  }

  #count({ events }: Parcel, indexes: readonly number[], how: 'delivered' | 'set-aside'): void {
    const fate = how === 'delivered' ? how : 'deadLettered';
    for (const index of indexes) this.#counts.event(events.operationAt(index), fate);
  }

  /** One that was given up has no outcome. */
  #attempted(delivery: Delivery, outcome: Outcome, traceparent: string, ms: number): void {
    const isGivenUp = outcome.kind !== 'delivered' && this.#abortAttempts.signal.aborted;
    if (!isGivenUp) this.#counts.attempt(outcome.kind, ms);
    this.#env.onAttempt?.(this.#options.endpoint, delivery, outcome, traceparent);
  }

  #gone(reason: string): void {
    this.hold(`gone: ${reason}; paused`);
    this.#pausing ??= this.#env.store
      .pause(this.#options.endpoint, `gone: ${reason}`)
      .catch((error: unknown) => this.fail(error));
  }
}

function parkingIsFull({ maxEvents, maxBytes }: ParkingBounds): string {
  return `the bound on parked events is reached (${maxEvents} events or ${maxBytes} bytes)`;
}
