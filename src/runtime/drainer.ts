import { randomUUID } from 'node:crypto';
import { steadyClock } from '../clock/steady-clock.ts';
import { redactOf, type Redact } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { drain } from '../drain/drain.ts';
import type { DrainOptions } from '../drain/options.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { DrainReport } from '../drain/report.ts';
import { RequestAllowance } from '../drain/request-allowance.ts';
import { openTelemetry } from '../observability/open-telemetry.ts';
import type { DrainLimits } from '../http/http-tools.ts';
import { alertChannels } from './alert-channels.ts';
import { tellAfterDrain } from './alerts.ts';
import { connectionNotice } from './connection-notice.ts';
import { openDrainSession } from './connections.ts';
import { countingRequests } from './counted-requests.ts';
import { KeptEndpoints } from './kept-endpoints.ts';
import { KeptSession } from './kept-session.ts';
import type { Platform } from './platform.ts';
import { ReportSieve } from './report-sieve.ts';

export type DrainerOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
};

export type OneDrain = {
  readonly log?: DrainLog | undefined;
  /** In place of the configuration's. */
  readonly limits?: DrainLimits | undefined;
  /** Asks the drain to stop: what is in flight ends, progress is saved. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: DrainOptions['onProgress'];
  readonly onStep?: DrainOptions['onStep'];
};

/** Drains may come many times a second: what they have in common is kept, and told, this often. */
const KEEP_EVERY_MS = 60_000;
const TELL_EVERY_MS = 10_000;

/**
 * Drains one after the other, over connections that stay open in between, and under rate limits that
 * remember. Two at once are well, too: the lease decides.
 */
export class Drainer {
  readonly #options: DrainerOptions;
  readonly #redact: Redact;
  /** For what is done once in a while. */
  readonly #now: () => number;
  readonly #session: KeptSession;
  readonly #endpoints: KeptEndpoints;
  readonly #toKeep = new ReportSieve(KEEP_EVERY_MS);
  readonly #toTell = new ReportSieve(TELL_EVERY_MS);

  constructor(options: DrainerOptions) {
    const { config, platform, log } = options;
    const { reader } = config.drain;
    const transport = reader === 'auto' ? platform.transport : reader;
    const tellOf = connectionNotice(log);
    this.#options = options;
    this.#now = steadyClock(platform.clock);
    this.#redact = redactOf(config);
    this.#endpoints = new KeptEndpoints(config, platform);
    this.#session = new KeptSession(() =>
      openDrainSession(config, transport, () => platform.clock.now(), tellOf),
    );
  }

  /**
   * One drain, and the alerts that it gives cause to. What goes wrong is in the report; rejects only
   * with config_invalid, before anything is done, for what this platform does not have.
   */
  async drain(one: OneDrain = {}): Promise<DrainReport> {
    const { config, platform } = this.#options;
    const { clock } = platform;
    const log = one.log ?? this.#options.log;
    const allowed = config.drain.maxRequests ?? Infinity;
    const forAlerts = Math.min(config.alerts.length, allowed - 1);
    const requests = new RequestAllowance(allowed - forAlerts);
    const counted = countingRequests(platform, requests);
    const channels = alertChannels(config, counted, this.#redact);
    const endpoints =
      allowed === Infinity ? this.#endpoints.setups() : this.#endpoints.setupsOn(counted);
    try {
      const report = await this.#drainOnce(one, { log, endpoints, requests });
      requests.add(forAlerts);
      if (this.#toTell.passes(report, this.#now())) {
        await tellAfterDrain(report, { config, channels, clock, log, redact: this.#redact });
      }
      return report;
    } finally {
      await Promise.all(channels.map((channel) => channel.close()));
    }
  }

  /** Once no drain is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#session.close(), this.#endpoints.close()]);
  }

  async #drainOnce(
    { limits, signal, onProgress, onStep }: OneDrain,
    own: Pick<DrainOptions, 'log' | 'endpoints' | 'requests'>,
  ): Promise<DrainReport> {
    const { config, platform } = this.#options;
    const { drain: bounds } = config;
    const { deadlineMs = bounds.deadlineMs, maxChanges = bounds.maxChanges } = limits ?? {};
    return drain({
      ...own,
      pipeline: config.pipeline,
      stdoutIsFallback: config.stdoutIsFallback === true,
      keys: new Map(Object.entries(config.keys)),
      stateSchema: config.state.url === undefined ? config.state.schema : null,
      deadlineMs: deadlineMs === 0 ? null : deadlineMs,
      maxChanges: maxChanges ?? Infinity,
      maxWindowChanges: bounds.maxWindowChanges,
      maxWindowBytes: bounds.maxWindowBytes,
      maxEventBytes: bounds.maxEventBytes,
      leaseMs: bounds.leaseMs,
      checkpointMs: bounds.checkpointMs,
      keepRunsMs: config.state.keepRunsMs,
      isWorthKeeping: (report) => this.#toKeep.passes(report, this.#now()),
      clock: platform.clock,
      redact: this.#redact,
      open: () => this.#session.open(),
      createRunId: randomUUID,
      startSpan: await openTelemetry(),
      signal,
      onProgress,
      onStep,
    });
  }
}
