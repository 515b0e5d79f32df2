import type { ChangeEvent } from '../changes/change-event.ts';
import type { Position } from '../changes/position.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import type { EventFormat } from '../formats/event-format.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import { AlreadySettled } from './already-settled.ts';
import { type Batcher, type BatchOptions, LaneBatcher } from './batcher.ts';
import { BodyPool } from './body-pool.ts';
import type { BreakerPolicy, EndpointHealth } from './circuit-breaker.ts';
import { DispatchCounts } from './dispatch-counts.ts';
import type { EndpointMode, UnavailablePolicy } from './endpoint-mode.ts';
import type { EventText } from './event-text.ts';
import { Intake } from './intake.ts';
import { laneAssignment, type Ordering } from './lane-assignment.ts';
import { type DispatchEnvironment, Outlet } from './outlet.ts';
import type { ParkingBounds } from './parking.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Replayed } from './replayed.ts';
import type { RetryPolicy } from './retry.ts';
import type { Route } from '../routing/route.ts';
import { QUEUED_PER_LANE } from './sender.ts';
import { Settlement } from './settlement.ts';
import type { Sink } from './sink.ts';
import { single } from './ticket.ts';
import { TransactionBatcher } from './transaction-batcher.ts';

export type EndpointOptions = {
  readonly name: string;
  readonly batch: Omit<BatchOptions, 'contentType' | 'headersOf'>;
  readonly ordering: Ordering;
  readonly concurrency: number;
  readonly transformTimeoutMs: number;
  readonly retry: RetryPolicy;
  readonly circuitBreaker: BreakerPolicy;
  readonly unavailable: UnavailablePolicy;
  readonly parking: ParkingBounds;
};

/** Where the endpoint's durable progress stood, and what that means for this round. */
export type EndpointStart = {
  readonly settled: Position;
  readonly settledAhead: readonly Position[];
  readonly slotAt: Lsn;
  readonly mode: EndpointMode;
  readonly health: EndpointHealth;
  readonly parked: {
    readonly events: number;
    readonly bytes: number;
    readonly relations: readonly RelationMark[];
  };
  readonly replayed: Replayed;
  /** It has everything already that this round can bring. */
  readonly isThrough: boolean;
};

/** What an endpoint works with. */
export type EndpointParts = {
  readonly sink: Sink;
  readonly format: EventFormat;
  readonly route: Route;
  readonly limit: RateLimit;
};

/** Events settled beyond an unsettled one: what a crash would repeat, and a checkpoint may list. */
const SETTLED_AHEAD = 50_000;

/**
 * One endpoint's side of a round: events → filter → transform → lanes → batches → its outlet.
 * Whatever becomes of an event, it is settled only once it is durably somebody's.
 */
export class EndpointDispatch {
  readonly options: EndpointOptions;
  readonly counts = new DispatchCounts();
  readonly outlet: Outlet;
  readonly isThrough: boolean;
  readonly #env: DispatchEnvironment;
  readonly #settlement: Settlement;
  readonly #already: AlreadySettled;
  readonly #batcher: Batcher;
  readonly #intake: Intake;
  #leftBehind = false;

  constructor(
    options: EndpointOptions,
    { sink, format, route, limit }: EndpointParts,
    start: EndpointStart,
    env: DispatchEnvironment,
  ) {
    const { name: endpoint, retry, batch, circuitBreaker, parking, ordering } = options;
    const { transactional } = batch;
    // Whole transactions in commit order: that is strict.
    const oneLane = ordering === 'strict' || (transactional && ordering === 'key');
    const laneCount = oneLane ? 1 : options.concurrency;
    this.options = options;
    this.isThrough = start.isThrough;
    this.#env = env;
    this.#settlement = new Settlement(start.settled, start.slotAt);
    this.#already = new AlreadySettled(start.settled, start.settledAhead);
    const { framing } = batch;
    this.outlet = new Outlet(
      {
        endpoint,
        framing,
        laneCount,
        numbering: numberingOf(ordering, laneCount, route),
        retry,
        circuitBreaker,
        parking,
        sink,
        limit,
        ...start,
        leaveBehind: () => this.leaveBehind(),
      },
      this.counts,
      env,
    );
    this.#batcher = new (transactional ? TransactionBatcher : LaneBatcher)(
      { ...batch, contentType: format.contentType, headersOf: format.headers ?? null },
      laneCount,
      this.#settlement,
      new BodyPool(laneCount * (QUEUED_PER_LANE + 1)),
      (closed) => this.outlet.take(closed),
    );
    this.#intake = new Intake({
      endpoint,
      format,
      route,
      assign: laneAssignment(ordering, laneCount, route.laneHash, start.parked.relations),
      maxEventBytes: batch.maxEventBytes,
      settlement: this.#settlement,
      batcher: this.#batcher,
      counts: this.counts,
      clock: env.clock,
      transformTimeoutMs: options.transformTimeoutMs,
      setAside: (letter) => env.store.setAside(letter),
      onFailure: (error) => this.outlet.fail(error),
      onChange: env.onChange,
    });
  }

  /**
   * True where the event is new here: not what an earlier drain settled, and nothing while nothing is
   * taken. `text` is the event's in this endpoint's format.
   */
  offer(event: ChangeEvent, text: EventText): boolean {
    if (this.takesNothing) return false;
    const { transaction, seq } = event;
    const already = this.#already.check(transaction, seq);
    // What was sent of a transaction tells where its next part begins.
    const partOf = this.options.batch.transactional && already !== 'no' && this.#already.isPartial;
    if (partOf) this.#intake.take(event, text, true);
    if (already === 'before') return false;
    if (already === 'no') this.#intake.take(event, text, false);
    // What was settled ahead stays noted as such while something before it is not.
    else this.#settlement.settle(this.#settlement.open(single(event)));
    this.#settlement.offered(transaction, seq);
    // The oldest unsettled event may wait in a batch that nothing else fills.
    if (this.#settlement.aheadCount >= SETTLED_AHEAD) this.flush();
    return already === 'no';
  }

  offeredThrough(lsn: Lsn): void {
    if (this.takesNothing) return;
    this.#settlement.offeredThrough(lsn);
    this.#intake.transactionEnded();
  }

  /** On hold, or left behind: it gets no more of this round. */
  get takesNothing(): boolean {
    return this.#leftBehind || this.outlet.heldBecause !== null;
  }

  /** True while more events should wait. */
  get isFull(): boolean {
    if (this.takesNothing || this.outlet.failure !== null) return false;
    return (
      this.outlet.isFull ||
      this.#intake.isFull ||
      (this.#settlement.aheadCount >= SETTLED_AHEAD && !this.isIdle)
    );
  }

  /** Nothing is queued or under way: it could take more at once. */
  get isIdle(): boolean {
    return this.outlet.isIdle && this.#intake.isIdle;
  }

  /** Sends what is not full yet too. */
  flush(): void {
    this.#batcher.flush();
  }

  /** The others need not wait: it gets what it misses in a round of its own. */
  leaveBehind(): void {
    this.#leftBehind = true;
    this.#env.onChange();
  }

  /** Ends what is under way: its outcome stays unknown, so its events stay unsettled. */
  abort(): void {
    this.#intake.abandon();
    this.outlet.abortAttempts();
  }

  get isLeftBehind(): boolean {
    return this.#leftBehind;
  }

  /** Resolves when nothing is queued or under way. Throws what storing something threw. */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      await this.#intake.idle();
      await this.outlet.idle();
    }
    await this.outlet.idle();
    if (this.outlet.failure !== null) throw this.outlet.failure.error;
  }

  /** There is something left to send, or to put away. */
  get hasUnsettled(): boolean {
    return this.#settlement.hasUnsettled || !this.isIdle;
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
}

/** By this what is parked tells whether lanes are what they were. A key goes by its value. */
function numberingOf(ordering: Ordering, laneCount: number, { lanesBy }: Route): string {
  return [ordering, laneCount, 'value', ...lanesBy].join('/');
}
