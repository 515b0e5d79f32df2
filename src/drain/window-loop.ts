import { steadyClock } from '../clock/steady-clock.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Span } from '../delivery/tracing.ts';
import { formatLsn, type Lsn, maxLsn, minLsn, toLsn } from '../pgoutput/lsn.ts';
import { Consumer } from './consume.ts';
import { findUnreadable } from './find-unreadable.ts';
import type { DrainSession } from './ports.ts';
import type { Progress } from './progress.ts';
import { readAhead } from './read-ahead.ts';
import { readWindow, readWindows, type WindowItem } from './read-windows.ts';
import type { DrainRun, PassEnd } from './run.ts';
import { type SkipRecord, skipEvent } from './skip.ts';
import { mayBeUnreadable, type UnreadableTransaction, WindowFailure } from './unreadable.ts';
import { UnreadableChange } from './unreadable-change.ts';
import type { OpenWindow, WindowBounds, WindowCost } from './window.ts';
import { WindowGovernor } from './window-governor.ts';

/** Chunks of later windows that wait in memory while earlier ones are delivered. */
const READ_AHEAD_BYTES = 16 << 20;
/** While reading ahead the slot need not follow at each window: an advance reads WAL too. */
const ADVANCE_EVERY_MS = 5_000;

type Windows = {
  readonly items: AsyncGenerator<WindowItem>;
  /** Each window starts where the slot stands: what was read has to be settled first. */
  readonly followSlot: boolean;
  readonly close: () => Promise<void>;
};

const weightOf = (item: WindowItem): number => (item.kind === 'chunk' ? item.chunk.byteLength : 0);

/** Reads windows, lets them be delivered, and moves the slot after them: the middle of a pass. */
export class WindowLoop {
  readonly #run: DrainRun;
  readonly #session: DrainSession;
  readonly #dispatcher: Dispatcher;
  readonly #progress: Progress;
  readonly #over: AbortSignal;
  readonly #now: () => number;
  #advancedAt: number;
  readonly #span: Span;
  /** Of the window that is being taken in. */
  #windowSpan: Span | null = null;

  constructor(
    run: DrainRun,
    session: DrainSession,
    dispatcher: Dispatcher,
    progress: Progress,
    over: AbortSignal,
    span: Span,
  ) {
    this.#span = span;
    this.#over = over;
    this.#run = run;
    this.#session = session;
    this.#dispatcher = dispatcher;
    this.#progress = progress;
    this.#now = steadyClock(run.options.clock);
    this.#advancedAt = this.#now();
  }

  /**
   * Reads up to the target, or until it is time to stop, or nobody takes anything any more. Where a
   * transaction cannot be read, it is passed over if a person has asked for that; else it is noted as
   * the run's, and what committed before it is all there is.
   */
  async read(): Promise<PassEnd> {
    const run = this.#run;
    let skip: SkipRecord | null = null;
    let from = run.slotAt!;
    for (let target = run.readTarget; ;) {
      try {
        const end = await this.#readTo(from, target);
        if (end !== 'caught_up' || skip === null) return end;
      } catch (error) {
        const found = await this.#unreadableOf(error);
        // Without a copy of the slot, what has just been passed over is found again.
        if (found === 'stopped' || found.commitLsn < from) return 'stopped';
        skip = await this.#session.state.loadSkip(run.options.pipeline, found.commitLsn);
        if (skip === null) run.foundUnreadable(found);
        // Where reading came to the transaction itself, all that stands before has been offered.
        if (!(error instanceof UnreadableChange)) {
          target = minLsn(run.readTarget, found.readableTo);
          continue;
        }
        if (skip === null) return 'caught_up';
      }
      const next = await this.#passOver(skip);
      if (next === null) return 'stopped';
      [from, target, skip] = [next, run.readTarget, null];
    }
  }

  /** Throws what no transaction is to blame for. */
  async #unreadableOf(error: unknown): Promise<UnreadableTransaction | 'stopped'> {
    if (error instanceof UnreadableChange) return error.transaction;
    if (!(error instanceof WindowFailure)) throw error;
    const found = mayBeUnreadable(error.cause) ? await this.#find(error) : null;
    if (found === null) throw error.cause;
    return found;
  }

  /**
   * Gives every endpoint an event in the transaction's place. Where reading goes on; null where it
   * cannot, since the slot has to stay before the transaction, and there is no other to read from.
   */
  async #passOver(skip: SkipRecord): Promise<Lsn | null> {
    const run = this.#run;
    const behind = toLsn(skip.commitLsn + 1n);
    const event = skipEvent(skip);
    run.options.log.warn('a transaction is passed over, as was asked for', {
      commit_lsn: formatLsn(skip.commitLsn),
      requested_by: skip.requestedBy,
    });
    if (this.#dispatcher.offer(event)) {
      run.stop.gotNewEvent();
      run.counts.events += 1;
      run.counts.transactions += 1;
    }
    this.#dispatcher.offeredThrough(behind);
    await this.settleRest();
    if (run.stop.isDue()) return null;
    await this.#saveAndAdvance();
    return behind;
  }

  /** Which transaction a window failed on. What was read before is delivered meanwhile. */
  async #find({
    from,
    uptoLsn,
  }: WindowFailure): Promise<Awaited<ReturnType<typeof findUnreadable>>> {
    const { stop } = this.#run;
    const trial = await this.#session.source.openTrial(from);
    try {
      const isOver = (): boolean => stop.isDue() || this.#over.aborted;
      const result = await this.#unlessOver(findUnreadable(trial, from, uptoLsn, isOver));
      return result === null ? 'stopped' : result.value;
    } finally {
      await trial.close();
    }
  }

  async #readTo(from: Lsn, target: Lsn): Promise<PassEnd> {
    const run = this.#run;
    if (maxLsn(from, run.slotAt!) >= target) return 'caught_up';
    if (this.#dispatcher.isOver) return 'stopped';
    const windows = await this.#openWindows(from, target);
    if (windows === null) return 'stopped';
    const consumer = this.#openConsumer();
    try {
      for (;;) {
        const next = await this.#unlessOver(windows.items.next());
        if (next === null) return 'stopped';
        if (next.value.done) return 'caught_up';
        const item = next.value.value;
        if (item.kind === 'chunk') {
          this.#windowSpan ??= this.#startWindowSpan();
          const goOn = await consumer.consume(item.chunk);
          if (consumer.limitReached) run.stop.reachedLimit();
          if (!goOn) return 'stopped';
        } else {
          const { endLsn, cost } = item.ended(consumer.completeThrough);
          run.windows.add(cost);
          this.#endWindowSpan(cost);
          await this.#endWindow(endLsn, consumer, windows.followSlot);
        }
      }
    } finally {
      await windows.close();
      this.#count(consumer);
      this.#endWindowSpan(null);
    }
  }

  /**
   * Lets what was read be delivered. When it is time to stop, no further attempt begins, those under
   * way have the margin to end, and what they do not settle is the next drain's.
   */
  async settleRest(): Promise<void> {
    const dispatcher = this.#dispatcher;
    const { stop } = this.#run;
    if (stop.reason === null || stop.reason === 'limit') {
      for (;;) {
        // Again at each change: what a transform has only now let go fills batches too.
        dispatcher.flush();
        if (dispatcher.isQuiet) break;
        if ((await this.#unlessOver(dispatcher.change())) === null) break;
      }
    }
    const given = new AbortController();
    if (stop.reason !== null && stop.reason !== 'limit') {
      dispatcher.stopSending();
      const { clock } = this.#run.options;
      void clock
        .sleep(stop.marginMs, given.signal)
        .then(() => given.signal.aborted || dispatcher.abortAttempts());
    }
    await dispatcher.idle();
    given.abort();
    this.#throwFailure();
  }

  /** Moves the slot to what every endpoint has settled. Progress has to be saved before. */
  async advance(): Promise<void> {
    const run = this.#run;
    const to = minLsn(this.#dispatcher.slotMayAdvanceTo, run.readTarget);
    this.#advancedAt = this.#now();
    if (to <= run.slotAt!) return;
    await run.step('before-advance');
    await this.#progress.renewLease();
    await this.#progress.noteMissed(run.slotAt!);
    const { at, flushed } = await this.#session.source.advance(to);
    run.slotAt = at;
    run.flushedLsn = flushed;
    await run.step('after-advance');
  }

  async #endWindow(endLsn: Lsn, consumer: Consumer, followSlot: boolean): Promise<void> {
    const run = this.#run;
    consumer.windowEnded();
    this.#dispatcher.offeredThrough(endLsn);
    run.counts.windows += 1;
    run.readTo = endLsn;
    this.#count(consumer);
    run.stop.gotWindow();
    await run.step('window-read');
    await run.saveCatalog();
    run.onProgress();
    if (followSlot) {
      // The next window starts where the slot stands.
      await this.settleRest();
      await this.#saveAndAdvance();
    } else if (this.#now() - this.#advancedAt >= ADVANCE_EVERY_MS) {
      await this.#saveAndAdvance();
    }
  }

  #startWindowSpan(): Span {
    return this.#span.child('walhook.window', { 'walhook.run_id': this.#run.id });
  }

  /** null: what was begun is left before its end. */
  #endWindowSpan(cost: WindowCost | null): void {
    const span = cost === null ? this.#windowSpan : (this.#windowSpan ?? this.#startWindowSpan());
    this.#windowSpan = null;
    if (cost === null) return span?.end({}, null);
    const { changes, walBytes, decodedMs } = cost;
    const attributes = {
      'walhook.rows': changes,
      'walhook.wal_bytes': walBytes,
      'walhook.decoded_ms': decodedMs,
    };
    span?.end(attributes, null);
  }

  async #saveAndAdvance(): Promise<void> {
    await this.#progress.save();
    await this.advance();
  }

  /** Most drains find little, and have it in one answer; what is more comes window by window. */
  async #openWindows(from: Lsn, target: Lsn): Promise<Windows | null> {
    const { stop, slotAt, options } = this.#run;
    const governor = new WindowGovernor(options);
    const bounds = governor.bounds(slotAt!, target);
    const isBehind = slotAt! < from;
    const whole = isBehind || bounds.uptoLsn < target ? null : await this.#readAtOnce(bounds);
    if (whole !== null) {
      const items = readWindow(whole, bounds, slotAt!);
      return { items, followSlot: false, close: () => Promise.resolve() };
    }
    const reader = await this.#session.source.openReader();
    if (isBehind) {
      // The slot itself is read in place, and stands before what cannot be read.
      if (!reader.readsAhead) {
        await reader.close();
        return null;
      }
      await reader.skipTo(from);
    }
    const stopReading = new AbortController();
    const items = readWindows(
      reader,
      governor,
      target,
      () => this.#dispatcher.settledBefore,
      () => stop.timeLeftMs,
      stopReading.signal,
    );
    return {
      items: reader.readsAhead ? readAhead(items, weightOf, READ_AHEAD_BYTES) : items,
      followSlot: !reader.readsAhead,
      async close() {
        stopReading.abort();
        await reader.close();
      },
    };
  }

  async #readAtOnce(bounds: WindowBounds): Promise<OpenWindow | null> {
    try {
      return await this.#session.source.readAtOnce(bounds);
    } catch (error) {
      throw new WindowFailure(error, this.#run.slotAt!, bounds.uptoLsn);
    }
  }

  #openConsumer(): Consumer {
    const run = this.#run;
    const dispatcher = this.#dispatcher;
    return new Consumer({
      dispatcher,
      catalog: run.catalog!,
      configuredKeys: run.options.keys,
      stateSchema: run.options.stateSchema,
      maxEvents: run.options.maxChanges - run.counts.events,
      onNewEvent: () => run.stop.gotNewEvent(),
      countedThrough: run.countedThrough,
      room: async () => {
        while (dispatcher.isFull) {
          if ((await this.#unlessOver(dispatcher.room())) === null) return false;
        }
        return !this.#over.aborted;
      },
    });
  }

  /** null: stop reading, for whatever reason. Throws the failure if that is the reason. */
  async #unlessOver<T>(promise: Promise<T>): Promise<{ readonly value: T } | null> {
    const result = await this.#run.stop.unlessDue(promise, () => this.#over.aborted);
    this.#throwFailure();
    return result;
  }

  #throwFailure(): void {
    const failure = this.#progress.failure ?? this.#dispatcher.failure;
    if (failure !== null) throw failure.error;
  }

  #count(consumer: Consumer): void {
    this.#run.counts.transactions += consumer.transactions;
    this.#run.counts.events += consumer.events;
    this.#run.countedThrough = consumer.countedThrough;
    consumer.transactions = 0;
    consumer.events = 0;
  }
}
