import { eventId } from '../changes/position.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Delivery, Outcome, Sink } from '../delivery/sink.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { DrainOptions } from './options.ts';
import type { DrainSession, DrainStep } from './ports.ts';
import type { DrainReport, DrainStatus, EndpointReport, ReportedError } from './report.ts';
import { encodePositions } from './settled-ahead.ts';
import type { Checkpoint } from './state-store.ts';
import { DrainStop } from './stop.ts';

/** How a pass ended by itself. */
export type PassEnd = 'busy' | 'caught_up' | 'held' | 'stopped';

/** What one drain knows beyond any single connection. */
export class DrainRun {
  readonly options: DrainOptions;
  readonly id: string;
  readonly stop: DrainStop;
  readonly counts = { windows: 0, transactions: 0, events: 0 };
  /** Settled by this drain, whether or not it could be written yet. */
  readonly carried = new Map<string, Checkpoint>();
  target: Lsn | null = null;
  fromLsn: Lsn | null = null;
  slotAt: Lsn | null = null;
  /** The end of the last window: reading ahead, the slot follows later. */
  readTo: Lsn | null = null;
  flushedLsn: Lsn | null = null;
  #session: DrainSession | null = null;
  wasConnected = false;
  readonly #startedAt: number;
  readonly #sinks = new Map<string, Sink>();
  readonly #endpoints = new Map<string, EndpointReport>();

  constructor(options: DrainOptions) {
    const { clock, deadlineMs, signal } = options;
    this.options = options;
    this.id = options.createRunId();
    this.#startedAt = clock.now();
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
    this.wasConnected ||= session !== null;
  }

  get settledEvents(): number {
    const reports = [...this.#endpoints.values()];
    return reports.reduce((sum, report) => sum + report.delivered + report.dead_lettered, 0);
  }

  async step(step: DrainStep): Promise<void> {
    await this.options.onStep?.(step);
  }

  onProgress(): void {
    const { slotAt, readTo, target } = this;
    if (slotAt === null || target === null) return;
    this.options.onProgress?.({ ...this.counts, slotAt, readTo: readTo ?? slotAt, target });
  }

  /** Sinks keep their connections for the whole drain. */
  sinkOf(endpoint: string, create: () => Sink): Sink {
    let sink = this.#sinks.get(endpoint);
    if (sink === undefined) this.#sinks.set(endpoint, (sink = create()));
    return sink;
  }

  logAttempt(endpoint: string, delivery: Delivery, outcome: Outcome): void {
    const { log } = this.options;
    const fields = {
      run_id: this.id,
      endpoint,
      batch_id: delivery.id,
      events: delivery.eventCount,
    };
    if (outcome.kind === 'delivered') log.debug('delivered', fields);
    else log.warn('delivery failed', { ...fields, outcome: outcome.kind, reason: outcome.reason });
  }

  /** Takes over what a pass settled. */
  carry(dispatcher: Dispatcher): void {
    for (const endpoint of dispatcher.endpoints) {
      const { name } = endpoint.options;
      const report = this.#endpoints.get(name)!;
      const { counts, heldBecause, watermark } = endpoint;
      report.delivered += counts.delivered;
      report.filtered += counts.filtered;
      report.dead_lettered += counts.deadLettered;
      report.failed_attempts += counts.failedAttempts;
      report.checkpoint = watermark.seq < 0 ? report.checkpoint : eventId(watermark);
      report.state = heldBecause === null ? 'active' : 'held';
      report.error = heldBecause === null ? null : this.options.redact(heldBecause);
      const settledAhead = encodePositions(endpoint.settledAhead());
      this.carried.set(name, { endpoint: name, settled: watermark, settledAhead });
    }
  }

  async finish(end: PassEnd | null, error: unknown): Promise<DrainReport> {
    const reported = error === null ? this.#stuck(end) : reportError(error, this.options.redact);
    const status = reported === null ? statusOf(end!) : 'failed';
    const report: DrainReport = {
      status,
      run_id: this.id,
      from_lsn: textOf(this.fromLsn),
      to_lsn: textOf(this.slotAt),
      target_lsn: textOf(this.target),
      lag_bytes: this.#lagBytes(),
      ...this.counts,
      duration_ms: Math.round(this.options.clock.now() - this.#startedAt),
      endpoints: [...this.#endpoints.values()],
      error: reported,
    };
    await this.#record(report);
    return report;
  }

  async closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  async close(): Promise<void> {
    this.stop.dispose();
    await this.closeSession();
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()));
  }

  /** A drain that had time, had something to do, and got nothing done does not report success. */
  #stuck(end: PassEnd | null): ReportedError | null {
    if (end !== 'stopped' || this.stop.reason === 'signal') return null;
    const moved = this.slotAt !== null && this.fromLsn !== null && this.slotAt > this.fromLsn;
    // WAL that concerns nobody is progress only while there is nothing else.
    if (this.settledEvents > 0 || (moved && this.counts.events === 0)) return null;
    const message = 'the deadline passed before anything could be delivered';
    return reportError(new WalhookError('stuck', message), this.options.redact);
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

function reportError(error: unknown, redact: (text: string) => string): ReportedError {
  const known =
    error instanceof WalhookError
      ? error
      : new WalhookError('internal', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  return {
    code: known.code,
    message: redact(known.message),
    detail: known.detail === undefined ? null : redact(known.detail),
    remedy: known.remedy,
  };
}

function textOf(lsn: Lsn | null): string | null {
  return lsn === null ? null : formatLsn(lsn);
}
