import { sinceNow } from '../clock/steady-clock.ts';
import { eventId, positionBefore } from '../changes/position.ts';
import type { EndpointHealth } from '../delivery/circuit-breaker.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { Replayed } from '../delivery/replayed.ts';
import type { Delivery, Outcome } from '../delivery/sink.ts';
import { traceIdOf } from '../delivery/traceparent.ts';
import type { Span } from '../delivery/tracing.ts';
import { formatLsn, type Lsn, minLsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import { EndpointConnections } from './endpoint-connections.ts';
import { endDrainSpan, startDrainSpan } from './drain-span.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import { StoredCatalogMemory } from './catalog-memory.ts';
import type { DrainOptions } from './options.ts';
import { stateOf } from './endpoint-state.ts';
import type { MissedRange } from './missed.ts';
import type { DrainSession, DrainStep } from './ports.ts';
import type { DrainReport, DrainStatus, EndpointReport, ReportedError } from './report.ts';
import { reportedError, stuckBecause } from './reported-error.ts';
import { runLog } from './run-log.ts';
import { encodePositions } from './settled-ahead.ts';
import type { Checkpoint } from './state-store.ts';
import { DrainStop } from './stop.ts';
import type { UnreadableTransaction } from './unreadable.ts';
import { WindowTally } from './window-totals.ts';

/** How a pass ended by itself. */
export type PassEnd = 'busy' | 'caught_up' | 'held' | 'stopped';

/** What one drain knows beyond any single connection. */
export class DrainRun {
  readonly options: DrainOptions;
  readonly id: string;
  readonly span: Span;
  readonly stop: DrainStop;
  readonly counts = { windows: 0, transactions: 0, events: 0 };
  readonly windows = new WindowTally();
  /** A later round reads events again that are counted already. */
  countedThrough = positionBefore(ZERO_LSN);
  /** Settled by this drain, whether or not it could be written yet. */
  readonly carried = new Map<string, Checkpoint>();
  /** As this drain found the endpoints, whether or not it could be written yet. */
  readonly health = new Map<string, EndpointHealth>();
  /** Endpoints that were put on hold: no further attempt is made in this drain. */
  readonly held = new Set<string>();
  readonly #through = new Set<string>();
  readonly #replayed = new Map<string, Replayed>();
  /** Endpoints with parked events that were not all sent when the last round ended. */
  readonly #parking = new Set<string>();
  target: Lsn | null = null;
  /** Milliseconds since the epoch: what was committed by then lies before the target. */
  targetAt: number | null = null;
  fromLsn: Lsn | null = null;
  slotAt: Lsn | null = null;
  /** The end of the last window: reading ahead, the slot follows later. */
  readTo: Lsn | null = null;
  flushedLsn: Lsn | null = null;
  #unreadable: UnreadableTransaction | null = null;
  #session: DrainSession | null = null;
  #isSessionSound = true;
  wasConnected = false;
  /** Of the pass that is under way. */
  catalog: RelationCatalog | null = null;
  #catalogMemory: StoredCatalogMemory | null = null;
  readonly #startedAt: number;
  readonly #sinceStart: () => number;
  readonly connections = new EndpointConnections();
  readonly #known = new Set<string>();
  readonly #endpoints = new Map<string, EndpointReport>();

  constructor(options: DrainOptions) {
    const { clock, deadlineMs, signal } = options;
    this.id = options.createRunId();
    this.options = { ...options, log: runLog(options.log, this.id) };
    this.span = startDrainSpan(options, this.id);
    this.#startedAt = clock.now();
    this.#sinceStart = sinceNow(clock);
    this.stop = new DrainStop({ clock, deadlineMs, signal: signal ?? null });
    for (const { options: endpoint } of options.endpoints) {
      this.#endpoints.set(endpoint.name, emptyReport(endpoint.name));
    }
  }

  get session(): DrainSession | null {
    return this.#session;
  }

  set session(session: DrainSession | null) {
    this.#session = session;
    this.#isSessionSound = true;
    this.wasConnected ||= session !== null;
  }

  /** How far can be read: to the target, or to what cannot be. */
  get readTarget(): Lsn {
    const readableTo = this.#unreadable?.readableTo;
    return readableTo === undefined ? this.target! : minLsn(this.target!, readableTo);
  }

  get unreadable(): UnreadableTransaction | null {
    return this.#unreadable;
  }

  foundUnreadable(transaction: UnreadableTransaction): void {
    this.#unreadable = transaction;
    const { error } = transaction;
    this.options.log.warn('a transaction cannot be read: what stands before it is delivered', {
      error,
      commit_lsn: textOf(transaction.commitLsn),
    });
  }

  openCatalog({ source, state }: DrainSession): void {
    this.#catalogMemory = new StoredCatalogMemory(state, this.options.pipeline);
    this.catalog = source.openCatalog(this.#catalogMemory);
  }

  /** What this pass saw of the catalog, for those that read its changes again. */
  async saveCatalog(): Promise<void> {
    await this.#catalogMemory?.save(this.slotAt!);
  }

  /** Something failed on it, or may hold on by it: nobody else gets it. */
  readonly doubtSession = (): void => {
    this.#isSessionSound = false;
  };

  get settledEvents(): number {
    const reports = [...this.#endpoints.values()];
    return reports.reduce((sum, report) => {
      const { delivered, filtered, parked, dead_lettered } = report;
      return sum + delivered + filtered + parked + dead_lettered;
    }, 0);
  }

  /** False, and time to stop, once every request that this drain may make is made. */
  mayAttempt(): boolean {
    const allowed = this.options.requests?.promise() ?? true;
    if (!allowed) this.stop.ranOutOfRequests();
    return allowed;
  }

  /** Whether events are parked of which a pass that ended knows. */
  get isParking(): boolean {
    return this.#parking.size > 0;
  }

  async step(step: DrainStep): Promise<void> {
    await this.options.onStep?.(step);
  }

  onProgress(): void {
    const { slotAt, readTo, target } = this;
    if (slotAt === null || target === null) return;
    this.options.onProgress?.({ ...this.counts, slotAt, readTo: readTo ?? slotAt, target });
  }

  /** Once a drain: an endpoint that is new gets nothing from before. */
  logNewEndpoint(endpoint: string): void {
    if (this.#known.has(endpoint)) return;
    this.#known.add(endpoint);
    const fields = { endpoint, from_lsn: textOf(this.slotAt) };
    this.options.log.info(
      'new endpoint: it gets what comes after the position of the slot',
      fields,
    );
  }

  /** An endpoint that was not configured for a while, and is again. */
  logMissed(endpoint: string, { from, to }: MissedRange): void {
    const fields = { endpoint, missed_from_lsn: textOf(from), missed_to_lsn: textOf(to) };
    this.options.log.warn(
      'the endpoint was not configured while changes were drained: it does not get these',
      fields,
    );
  }

  logAttempt(endpoint: string, delivery: Delivery, outcome: Outcome, traceparent: string): void {
    const { log } = this.options;
    const fields = {
      endpoint,
      batch_id: delivery.id,
      events: delivery.eventCount,
      trace_id: traceIdOf(traceparent),
    };
    if (outcome.kind === 'delivered') log.debug('delivered', fields);
    else log.warn('delivery failed', { ...fields, outcome: outcome.kind, reason: outcome.reason });
  }

  /** What this drain sent of an endpoint's parked batches, whether or not it could be written yet. */
  replayedOf(endpoint: string): Replayed {
    const known = this.#replayed.get(endpoint) ?? new Replayed();
    this.#replayed.set(endpoint, known);
    return known;
  }

  /** A round was read to the target: who was there to the end has everything. */
  noteThrough({ endpoints }: Dispatcher): void {
    for (const { options, hasUnsettled, takesNothing } of endpoints) {
      if (!hasUnsettled && !takesNothing) this.#through.add(options.name);
    }
  }

  /** This drain has nothing new for the endpoint any more. */
  isThrough(endpoint: string): boolean {
    return this.#through.has(endpoint);
  }

  /** Takes over what a pass settled. */
  carry(dispatcher: Dispatcher): void {
    for (const endpoint of dispatcher.endpoints) {
      const { name } = endpoint.options;
      const report = this.#endpoints.get(name)!;
      const { counts, watermark, outlet } = endpoint;
      const { state, reason } = stateOf(endpoint);
      report.delivered += counts.delivered;
      report.filtered += counts.filtered;
      report.parked += counts.parked;
      report.dead_lettered += counts.deadLettered;
      report.failed_attempts += counts.failedAttempts;
      report.checkpoint = watermark.seq < 0 ? report.checkpoint : eventId(watermark);
      report.state = state;
      report.error = reason === null ? null : this.options.redact(reason);
      if (outlet.heldBecause !== null) this.held.add(name);
      if (outlet.isParking) this.#parking.add(name);
      else this.#parking.delete(name);
      if (outlet.newHealth !== null) this.health.set(name, outlet.newHealth);
      const settledAhead = encodePositions(endpoint.settledAhead());
      this.carried.set(name, { endpoint: name, settled: watermark, settledAhead });
    }
  }

  async finish(end: PassEnd | null, error: unknown): Promise<DrainReport> {
    const reported = error === null ? this.#stuck(end) : reportedError(error, this.options.redact);
    const status = reported === null ? statusOf(end!) : 'failed';
    const report: DrainReport = {
      status,
      run_id: this.id,
      from_lsn: textOf(this.fromLsn),
      to_lsn: textOf(this.slotAt),
      target_lsn: textOf(this.target),
      lag_bytes: this.#lagBytes(),
      ...this.counts,
      duration_ms: Math.round(this.#sinceStart()),
      endpoints: [...this.#endpoints.values()],
      error: reported,
    };
    await this.#record(report);
    endDrainSpan(this.span, report);
    return report;
  }

  async closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close(this.#isSessionSound);
  }

  async close(): Promise<void> {
    this.stop.dispose();
    await this.closeSession();
    await this.connections.close();
  }

  /** A drain that had time, had something to do, and got nothing done does not report success. */
  #stuck(end: PassEnd | null): ReportedError | null {
    if (end !== 'stopped' || this.stop.reason === 'signal') return null;
    const moved = this.slotAt !== null && this.fromLsn !== null && this.slotAt > this.fromLsn;
    // WAL that concerns nobody is progress only while there is nothing else.
    if (this.settledEvents > 0 || (moved && this.counts.events === 0)) return null;
    return reportedError(stuckBecause(this.stop.reason), this.options.redact);
  }

  #lagBytes(): number | null {
    if (this.slotAt === null || this.target === null) return null;
    const flushed = this.flushedLsn ?? this.target;
    return Number(flushed > this.slotAt ? flushed - this.slotAt : 0n);
  }

  /** A drain that found nothing leaves no row: its own would be the only thing to drain next time. */
  async #record(report: DrainReport): Promise<void> {
    const found = this.counts.events > 0;
    const worth = report.status === 'failed' || report.status === 'held' || found;
    if (!worth || report.status === 'busy' || this.#session === null) return;
    const { code } = report.error ?? {};
    if (code === 'state_missing' || code === 'state_outdated') return;
    if (!this.options.isWorthKeeping(report)) return;
    const run = {
      runId: this.id,
      pipeline: this.options.pipeline,
      startedAt: new Date(this.#startedAt),
      finishedAt: new Date(this.options.clock.now()),
      status: report.status,
      report,
    };
    try {
      await this.#session.state.recordRun(run, this.options.keepRunsMs);
    } catch (error) {
      this.doubtSession();
      this.options.log.warn('the run could not be recorded', { error });
    }
  }
}

function statusOf(end: PassEnd): DrainStatus {
  return end === 'stopped' ? 'deadline' : end;
}

function emptyReport(name: string): EndpointReport {
  return {
    name,
    delivered: 0,
    filtered: 0,
    parked: 0,
    dead_lettered: 0,
    failed_attempts: 0,
    checkpoint: null,
    state: 'active',
    error: null,
  };
}

function textOf(lsn: Lsn | null): string | null {
  return lsn === null ? null : formatLsn(lsn);
}
