import type { ChangeEvent, Transaction } from '../changes/change-event.ts';
import type { Position } from '../changes/position.ts';
import type { Clock } from '../clock/clock.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import { AlreadySettled } from './already-settled.ts';
import { Batch, type BatchBounds } from './batch.ts';
import { BodyPool } from './body-pool.ts';
import type { EventText } from './event-text.ts';
import { laneAssignment, type LaneAssignment, type Ordering } from './lane-assignment.ts';
import { Lanes } from './lanes.ts';
import { afterFailure, type RetryPolicy } from './retry.ts';
import { Settlement, type SettlementEntry } from './settlement.ts';
import type { Delivery, Outcome, Sink } from './sink.ts';

export type EndpointOptions = {
  readonly name: string;
  readonly contentType: string;
  readonly batch: { readonly maxEvents: number; readonly maxBytes: number };
  readonly ordering: Ordering;
  readonly concurrency: number;
  /** A larger event is not sent: it becomes a dead letter. */
  readonly maxEventBytes: number;
  readonly retry: RetryPolicy;
};

/** Where the endpoint's durable progress stood. */
export type EndpointStart = {
  readonly settled: Position;
  readonly settledAhead: readonly Position[];
  readonly slotAt: Lsn;
};

export type DispatchEnvironment = {
  readonly clock: Clock;
  /** Stores what the endpoint cannot be sent; resolves once it is durable. */
  readonly storeDeadLetter: (endpoint: string, event: ChangeEvent, detail: string) => Promise<void>;
  /** Called at each change that may let somebody go on: a settlement, a hold, a failure. */
  readonly onChange: () => void;
  readonly onAttempt?: (endpoint: string, delivery: Delivery, outcome: Outcome) => void;
  readonly onBoundary?: (boundary: 'before-send' | 'after-send') => void | Promise<void>;
};

export type DispatchCounts = {
  delivered: number;
  filtered: number;
  deadLettered: number;
  failedAttempts: number;
};

/** Batches closed and not yet settled, a lane: enough to keep it busy, few enough to hold little. */
const QUEUED_PER_LANE = 3;
const QUEUED_BYTES = 16 << 20;
/** Events settled beyond an unsettled one: what a crash would repeat, and a checkpoint may list. */
const SETTLED_AHEAD = 50_000;

type OpenBatch = {
  readonly batch: Batch;
  readonly lanes: readonly number[];
  readonly entry: SettlementEntry;
};

/**
 * One endpoint's side of a drain: events → lanes → batches → attempts → settled.
 *
 *     active ──(attempts used up, or refused)──► held
 *
 * Held is for the rest of the drain: nothing more is sent, what was not settled stays so, and no later
 * batch of a lane overtakes the failed one.
 */
export class EndpointDispatch {
  readonly options: EndpointOptions;
  readonly counts: DispatchCounts = {
    delivered: 0,
    filtered: 0,
    deadLettered: 0,
    failedAttempts: 0,
  };
  readonly #sink: Sink;
  readonly #env: DispatchEnvironment;
  readonly #settlement: Settlement;
  readonly #already: AlreadySettled;
  readonly #lanes: Lanes;
  readonly #assign: LaneAssignment;
  readonly #bodies: BodyPool;
  readonly #open: (OpenBatch | null)[];
  readonly #bounds: BatchBounds;
  readonly #stopSending = new AbortController();
  readonly #abortAttempts = new AbortController();
  #openBarrier: OpenBatch | null = null;
  #queued = 0;
  #queuedBytes = 0;
  #storing = 0;
  #heldBecause: string | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(
    options: EndpointOptions,
    sink: Sink,
    start: EndpointStart,
    env: DispatchEnvironment,
  ) {
    const laneCount = options.ordering === 'strict' ? 1 : options.concurrency;
    this.options = options;
    this.#sink = sink;
    this.#env = env;
    this.#settlement = new Settlement(start.settled, start.slotAt);
    this.#already = new AlreadySettled(start.settled, start.settledAhead);
    this.#lanes = new Lanes(laneCount);
    this.#bounds = { maxBytes: options.batch.maxBytes, maxEventBytes: options.maxEventBytes };
    this.#assign = laneAssignment(options.ordering, laneCount);
    this.#bodies = new BodyPool(laneCount * (QUEUED_PER_LANE + 1));
    this.#open = Array.from({ length: laneCount }, () => null);
  }

  /**
   * Whether the event is to be put here: not what an earlier drain settled, and nothing while on hold.
   * Ask once for each event, in order, and follow a yes with `put` or `deadLetter`.
   */
  takes(event: ChangeEvent): boolean {
    if (this.#heldBecause !== null) return false;
    const { transaction, seq } = event;
    const already = this.#already.check(transaction, seq);
    if (already === 'no') return true;
    if (already === 'before') return false;
    // What was settled ahead stays noted as such while something before it is not.
    this.#settlement.settle(this.#settlement.open(single(event)));
    this.#settlement.offered(transaction, seq);
    return false;
  }

  put(event: ChangeEvent, text: EventText): void {
    const lanes = this.#assign(event);
    let open = this.#openFor(lanes);
    let appended = open?.batch.append(event, text, this.#bounds);
    if (open !== null && appended?.kind === 'full') {
      this.#dispatch(open);
      open = null;
    }
    if (open === null) {
      const batch = new Batch(this.#bodies.take(), this.#sink.framing);
      appended = batch.append(event, text, this.#bounds);
      if (appended.kind === 'appended') open = this.#openBatch(batch, lanes);
      else this.#bodies.give(batch.body);
    }
    if (appended?.kind === 'event-too-large')
      return this.deadLetter(event, appended.bytes, 'as JSON');
    this.#settlement.offered(event.transaction, event.seq);
    if (open!.batch.eventCount >= this.options.batch.maxEvents) this.#dispatch(open!);
    // The oldest unsettled event may wait in a batch that nothing else fills.
    if (this.#settlement.aheadCount >= SETTLED_AHEAD) this.flush();
  }

  /** For an event that cannot be sent: settled once it is stored. */
  deadLetter(event: ChangeEvent, sizeBytes: number, where: 'in the WAL' | 'as JSON'): void {
    const bound = `${this.options.maxEventBytes} (drain.maxEventBytes)`;
    const detail = `${sizeBytes} bytes ${where}; the bound is ${bound}`;
    void this.#store(event, detail, this.#settlement.open(single(event)));
    this.#settlement.offered(event.transaction, event.seq);
  }

  offeredThrough(lsn: Lsn): void {
    if (this.#heldBecause === null) this.#settlement.offeredThrough(lsn);
  }

  /** True while more events should wait. */
  get isFull(): boolean {
    if (this.#heldBecause !== null || this.#failure !== null) return false;
    return (
      this.#queued >= this.#lanes.count * QUEUED_PER_LANE ||
      this.#queuedBytes >= QUEUED_BYTES ||
      (this.#settlement.aheadCount >= SETTLED_AHEAD && this.#queued > 0)
    );
  }

  /** Sends what is not full yet too. */
  flush(): void {
    for (const open of this.#open) if (open !== null) this.#dispatch(open);
    if (this.#openBarrier !== null) this.#dispatch(this.#openBarrier);
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

  /** Resolves when nothing is queued or under way. Throws what storing a dead letter threw. */
  async idle(): Promise<void> {
    await this.#lanes.idle();
    while (this.#storing > 0) await new Promise<void>((resolve) => this.#stored.push(resolve));
    if (this.#failure !== null) throw this.#failure.error;
  }

  readonly #stored: (() => void)[] = [];

  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  get heldBecause(): string | null {
    return this.#heldBecause;
  }

  get hasUnsettled(): boolean {
    return this.#settlement.hasUnsettled;
  }

  get watermark(): Position {
    return this.#settlement.watermark;
  }

  get slotMayAdvanceTo(): Lsn {
    return this.#settlement.slotMayAdvanceTo;
  }

  /** What is settled beyond the watermark, so that a clean stop repeats nothing. */
  settledAhead(): Position[] {
    return [...this.#settlement.settledAhead(), ...this.#already.aheadNotMet()];
  }

  /**
   * The batch that an event of these lanes may join. What stands before it in any of its lanes and is
   * in another batch is closed first: lanes take batches in the order they are closed.
   */
  #openFor(lanes: readonly number[]): OpenBatch | null {
    const barrier = this.#openBarrier;
    if (barrier !== null) {
      if (barrier.lanes === lanes) return barrier;
      this.#dispatch(barrier);
    }
    if (lanes.length === 1) return this.#open[lanes[0]!] ?? null;
    for (const lane of lanes) {
      const open = this.#open[lane];
      if (open) this.#dispatch(open);
    }
    return null;
  }

  #openBatch(batch: Batch, lanes: readonly number[]): OpenBatch {
    const open = { batch, lanes, entry: this.#settlement.open(batch) };
    if (lanes.length === 1) this.#open[lanes[0]!] = open;
    else this.#openBarrier = open;
    return open;
  }

  #dispatch(open: OpenBatch): void {
    if (this.#openBarrier === open) this.#openBarrier = null;
    for (const lane of open.lanes) if (this.#open[lane] === open) this.#open[lane] = null;
    const delivery = open.batch.close(this.options.contentType, this.options.batch.maxEvents === 1);
    this.#queued += 1;
    this.#queuedBytes += delivery.body.length;
    void this.#lanes.add(open.lanes, async () => {
      try {
        if (await this.#deliver(delivery)) {
          this.counts.delivered += delivery.eventCount;
          this.#settlement.settle(open.entry);
          this.#bodies.give(open.batch.body);
        }
      } catch (error) {
        this.#failure ??= { error };
        this.stopSending();
      } finally {
        this.#queued -= 1;
        this.#queuedBytes -= delivery.body.length;
        this.#env.onChange();
      }
    });
  }

  /** True once the endpoint confirmed it. */
  async #deliver(delivery: Delivery): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      if (this.#stopSending.signal.aborted) return false;
      await this.#env.onBoundary?.('before-send');
      const outcome = await this.#sink.send(delivery, this.#abortAttempts.signal);
      await this.#env.onBoundary?.('after-send');
      this.#env.onAttempt?.(this.options.name, delivery, outcome);
      if (outcome.kind === 'delivered') return true;
      if (this.#abortAttempts.signal.aborted) return false;
      this.counts.failedAttempts += 1;
      const next = afterFailure(this.options.retry, attempt, outcome);
      if (next.kind === 'hold') {
        this.#hold(next.reason);
        return false;
      }
      await this.#env.clock.sleep(next.delayMs, this.#stopSending.signal);
    }
  }

  #hold(reason: string): void {
    this.#heldBecause ??= reason;
    this.#stopSending.abort();
    this.#env.onChange();
  }

  async #store(event: ChangeEvent, detail: string, entry: SettlementEntry): Promise<void> {
    this.#storing += 1;
    try {
      await this.#env.storeDeadLetter(this.options.name, event, detail);
      this.counts.deadLettered += 1;
      this.#settlement.settle(entry);
    } catch (error) {
      this.#failure ??= { error };
      this.stopSending();
    } finally {
      this.#storing -= 1;
      for (const resolve of this.#stored.splice(0)) resolve();
      this.#env.onChange();
    }
  }
}

function single(event: ChangeEvent): { transactions: Transaction[]; seqs: number[] } {
  return { transactions: [event.transaction], seqs: [event.seq] };
}
