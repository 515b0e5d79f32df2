import { comparePositions, eventId, type Position, positionBefore } from '../changes/position.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import type { Sink } from '../delivery/sink.ts';
import type { EventFormat } from '../formats/event-format.ts';
import { type Lsn, minLsn } from '../pgoutput/lsn.ts';
import { Consumer } from './consume.ts';
import type { DrainRun } from './drain.ts';
import type { DrainSession, SourceState } from './ports.ts';
import { Progress } from './progress.ts';
import { readAhead } from './read-ahead.ts';
import { readWindows } from './read-windows.ts';
import { assertSameSlot } from './same-slot.ts';
import { decodePositions } from './settled-ahead.ts';
import type { Checkpoint, Lease } from './state-store.ts';
import { WindowGovernor } from './window-governor.ts';

/** Chunks of later windows that wait in memory while earlier ones are delivered. */
const READ_AHEAD_BYTES = 32 << 20;
/** While reading ahead the slot need not follow at each window: an advance reads WAL too. */
const ADVANCE_EVERY_MS = 5_000;

export type PassEnd = 'busy' | 'caught_up' | 'held' | 'stopped';

/**
 * One connection's worth of a drain: lease → windows → deliveries → checkpoint → advance → release.
 * Whatever was settled is in `run.carried` afterwards, also when this throws, so that another pass
 * after a lost connection repeats nothing.
 */
export async function drainPass(run: DrainRun, session: DrainSession): Promise<PassEnd> {
  const { source, state } = session;
  const now = await source.inspect();
  run.target ??= now.flushedLsn;
  run.fromLsn ??= now.slotAt;
  run.slotAt = now.slotAt;
  await state.assertReady();
  const outcome = await state.acquireLease({
    pipeline: run.options.pipeline,
    owner: run.id,
    ttlMs: run.options.leaseMs,
    session: now.session,
    target: run.target,
  });
  if (outcome.kind === 'busy') return 'busy';
  const { lease, record } = outcome;
  /** Only a pass that ended well knows where it left the slot. */
  let slotAt: Lsn | null = null;
  try {
    await run.step('lease-acquired');
    const checkpoints = await loadCheckpoints(run, session);
    assertSameSlot(record, now, checkpoints);
    const end = await deliver(run, session, now, lease, checkpoints);
    slotAt = run.slotAt;
    await run.step('before-release');
    return end;
  } finally {
    // Also after a failure: the next drainer need not wait for the lease to run out.
    await state.releaseLease(lease, slotAt).catch(() => undefined);
    await run.step('after-release');
  }
}

async function loadCheckpoints(
  run: DrainRun,
  session: DrainSession,
): Promise<readonly Checkpoint[]> {
  const stored = await session.state.loadEndpoints(run.options.pipeline);
  return stored.map((checkpoint) => run.carried.get(checkpoint.endpoint) ?? checkpoint);
}

async function deliver(
  run: DrainRun,
  session: DrainSession,
  now: SourceState,
  lease: Lease,
  checkpoints: readonly Checkpoint[],
): Promise<PassEnd> {
  /** Nothing can be sent or recorded any more: all endpoints are on hold, or something failed. */
  const over = new AbortController();
  const dispatcher = openDispatcher(run, session, now, lease, checkpoints, over);
  const { clock, leaseMs, checkpointMs, redact } = run.options;
  const progress = new Progress({
    state: session.state,
    lease,
    dispatcher,
    clock,
    leaseMs,
    checkpointMs,
    redact,
    onStep: (step) => run.step(step),
    onFailure: () => over.abort(),
  });
  const pass = new Pass(run, session, dispatcher, progress, over.signal);
  progress.start();
  try {
    const end = await pass.read();
    await pass.settleRest();
    await progress.stop();
    await progress.save();
    await pass.advance();
    return dispatcher.endpoints.some((endpoint) => endpoint.heldBecause !== null) ? 'held' : end;
  } finally {
    dispatcher.stopSending();
    await dispatcher.idle().catch(() => undefined);
    await progress.stop();
    run.carry(dispatcher);
  }
}

function openDispatcher(
  run: DrainRun,
  { source, state }: DrainSession,
  now: SourceState,
  lease: Lease,
  checkpoints: readonly Checkpoint[],
  over: AbortController,
): Dispatcher {
  const formats = new Map<string, EventFormat>();
  const onChange = (): void => {
    dispatcher.notify();
    if (dispatcher.isOver) over.abort();
  };
  const about = { database: now.database, system: now.identity.systemIdentifier };
  const targets = run.options.endpoints.map((setup) => {
    const { name } = setup.options;
    let format = formats.get(setup.formatKey);
    if (format === undefined) {
      formats.set(setup.formatKey, (format = setup.createFormat(source.catalog)));
    }
    const sink: Sink = run.sinkOf(name, () => setup.createSink(about));
    const endpoint = new EndpointDispatch(
      { ...setup.options, contentType: format.contentType },
      sink,
      startOf(
        checkpoints.find((checkpoint) => checkpoint.endpoint === name),
        now.slotAt,
      ),
      {
        clock: run.options.clock,
        onChange,
        onBoundary: (boundary) => run.step(boundary),
        onAttempt: (endpointName, delivery, outcome) =>
          run.logAttempt(endpointName, delivery, outcome),
        storeDeadLetter: (endpointName, event, detail) =>
          state.addDeadLetters(lease, [
            {
              endpoint: endpointName,
              position: { commitLsn: event.transaction.commitLsn, seq: event.seq },
              eventId: eventId({ commitLsn: event.transaction.commitLsn, seq: event.seq }),
              schema: event.op === 'message' ? null : (event.relation?.schema ?? null),
              table: event.op === 'message' ? null : (event.relation?.table ?? null),
              operation: event.op === 'oversized' ? event.originalOp : event.op,
              body: null,
              reason: 'event_too_large',
              detail,
            },
          ]),
      },
    );
    return { endpoint, format };
  });
  const dispatcher = new Dispatcher(targets, run.options.maxEventBytes);
  return dispatcher;
}

/** An endpoint without a checkpoint is new: it starts where the slot stands. */
function startOf(
  checkpoint: Checkpoint | undefined,
  slotAt: Lsn,
): { settled: Position; settledAhead: readonly Position[]; slotAt: Lsn } {
  const atSlot = positionBefore(slotAt);
  if (checkpoint === undefined) return { settled: atSlot, settledAhead: [], slotAt };
  const settled = comparePositions(checkpoint.settled, atSlot) > 0 ? checkpoint.settled : atSlot;
  return { settled, settledAhead: decodePositions(checkpoint.settledAhead), slotAt };
}

class Pass {
  readonly #run: DrainRun;
  readonly #session: DrainSession;
  readonly #dispatcher: Dispatcher;
  readonly #progress: Progress;
  readonly #over: AbortSignal;
  #advancedAt: number;

  constructor(
    run: DrainRun,
    session: DrainSession,
    dispatcher: Dispatcher,
    progress: Progress,
    over: AbortSignal,
  ) {
    this.#over = over;
    this.#run = run;
    this.#session = session;
    this.#dispatcher = dispatcher;
    this.#progress = progress;
    this.#advancedAt = run.options.clock.now();
  }

  /** Reads up to the target, or until it is time to stop, or nobody takes anything any more. */
  async read(): Promise<PassEnd> {
    const run = this.#run;
    const target = run.target!;
    if (run.slotAt! >= target) return 'caught_up';
    const stopReading = new AbortController();
    const reader = await this.#session.source.openReader();
    const governor = new WindowGovernor(run.options);
    const windows = readWindows(
      reader,
      governor,
      target,
      () => run.stop.timeLeftMs,
      stopReading.signal,
    );
    const items = reader.readsAhead
      ? readAhead(
          windows,
          (item) => (item.kind === 'chunk' ? item.chunk.byteLength : 0),
          READ_AHEAD_BYTES,
        )
      : windows;
    const consumer = this.#openConsumer();
    try {
      for (;;) {
        const next = await this.#unlessOver(items.next());
        if (next === null) return 'stopped';
        if (next.value.done) return 'caught_up';
        const item = next.value.value;
        if (item.kind === 'chunk') {
          const goOn = await consumer.consume(item.chunk);
          if (consumer.limitReached) run.stop.reachedLimit();
          if (!goOn) return 'stopped';
        } else {
          await this.#endWindow(item.endLsn(consumer.completeThrough), consumer, reader.readsAhead);
        }
      }
    } finally {
      stopReading.abort();
      await reader.close();
      this.#count(consumer);
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
      dispatcher.flush();
      while (!dispatcher.isQuiet) {
        if ((await this.#unlessOver(dispatcher.change())) === null) break;
      }
    }
    const given = new AbortController();
    if (stop.reason === 'deadline' || stop.reason === 'signal') {
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
    const to = minLsn(this.#dispatcher.slotMayAdvanceTo, run.target!);
    this.#advancedAt = run.options.clock.now();
    if (to <= run.slotAt!) return;
    await run.step('before-advance');
    const { at, flushed } = await this.#session.source.advance(to);
    run.slotAt = at;
    run.flushedLsn = flushed;
    await run.step('after-advance');
  }

  async #endWindow(endLsn: Lsn, consumer: Consumer, readsAhead: boolean): Promise<void> {
    const run = this.#run;
    consumer.windowEnded();
    this.#dispatcher.offeredThrough(endLsn);
    run.counts.windows += 1;
    run.stop.gotWindow();
    await run.step('window-read');
    run.onProgress();
    if (!readsAhead) {
      // The next window starts where the slot stands.
      await this.settleRest();
      await this.#saveAndAdvance();
    } else if (run.options.clock.now() - this.#advancedAt >= ADVANCE_EVERY_MS) {
      await this.#saveAndAdvance();
    }
  }

  async #saveAndAdvance(): Promise<void> {
    await this.#progress.save();
    await this.advance();
  }

  #openConsumer(): Consumer {
    const run = this.#run;
    const dispatcher = this.#dispatcher;
    return new Consumer({
      dispatcher,
      catalog: this.#session.source.catalog,
      configuredKeys: run.options.keys,
      stateSchema: run.options.stateSchema,
      maxEvents: run.options.maxChanges - run.counts.events,
      onNewEvent: () => run.stop.gotNewEvent(),
      room: async () => {
        while (dispatcher.isFull) {
          if ((await this.#unlessOver(dispatcher.change())) === null) return false;
        }
        return !this.#over.aborted;
      },
    });
  }

  /** null: stop reading, for whatever reason. Throws the failure if that is the reason. */
  async #unlessOver<T>(promise: Promise<T>): Promise<{ readonly value: T } | null> {
    const result = await this.#run.stop.unlessDue(promise, this.#over);
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
    consumer.transactions = 0;
    consumer.events = 0;
  }
}
