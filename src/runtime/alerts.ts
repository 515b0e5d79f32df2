import type { Clock } from '../clock/clock.ts';
import type { Redact } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainReport } from '../drain/report.ts';
import type { RunRecord } from '../drain/state-store.ts';
import type { AlertChannel } from '../health/alerting/alert-channel.ts';
import { type AlertLog, tellOfIncidents } from '../health/alerting/tell.ts';
import { type Connection, disconnect } from '../postgres/connection.ts';
import { factsAfterDrain } from '../operations/facts-after-drain.ts';
import { pipelineOf, sourceDatabase } from './administration.ts';
import { connectToSource, connectToState } from './connections.ts';

export type TellOptions = {
  readonly config: ResolvedConfig;
  readonly channels: readonly AlertChannel[];
  readonly clock: Clock;
  readonly log: AlertLog;
  readonly redact: Redact;
};

/**
 * Tells whoever is configured what is wrong after a drain, and what is well again. Never rejects: a
 * drain is what it is, whether or not somebody could be told. A drain that was busy saw nothing; the
 * one that has the lease tells.
 */
export async function tellAfterDrain(report: DrainReport, options: TellOptions): Promise<void> {
  const { config, channels, log } = options;
  if (channels.length === 0 || report.status === 'busy') return;
  try {
    const source = await connectUnlessGone(config, report);
    try {
      await tellFrom(source, report, options);
    } finally {
      if (source !== null) await disconnect(source);
    }
  } catch (error) {
    log.warn('nobody could be told what is wrong: the state tables cannot be reached', { error });
  }
}

/** null where only the state can be reached. Throws where that cannot either. */
async function connectUnlessGone(
  config: ResolvedConfig,
  report: DrainReport,
): Promise<Connection | null> {
  const stateIsBeside = config.state.url === undefined;
  // The drain has waited for it long enough.
  if (report.error?.code === 'database_unreachable' && !stateIsBeside) return null;
  try {
    return await connectToSource(config);
  } catch (error) {
    if (stateIsBeside) throw error;
    return null;
  }
}

async function tellFrom(
  source: Connection | null,
  report: DrainReport,
  { config, channels, clock, log, redact }: TellOptions,
): Promise<void> {
  const { state, incidents, close } = await connectToState(config, source);
  try {
    // One that had no session could not note it, and would never be one of several in a row.
    if (report.status === 'failed' && report.target_lsn === null) {
      await state.recordRun(runOf(report, config, clock), config.state.keepRunsMs);
    }
    const database = source === null ? null : sourceDatabase(config, source, { clock });
    const facts = await factsAfterDrain(
      { pipeline: pipelineOf(config), database, state },
      {
        report,
        now: clock.now(),
        onUnknown: (error) =>
          log.warn(
            'what is known of the slot is too little for its alerts: nothing is told of it',
            {
              error,
            },
          ),
      },
    );
    const { alertRules: rules } = config;
    const keepMs = config.state.keepRunsMs;
    await tellOfIncidents(facts, { store: incidents, channels, rules, keepMs, log, redact });
  } finally {
    await close();
  }
}

function runOf(report: DrainReport, { pipeline }: ResolvedConfig, clock: Clock): RunRecord {
  const finishedAt = new Date(clock.now());
  const startedAt = new Date(finishedAt.getTime() - report.duration_ms);
  const { run_id: runId, status } = report;
  return { runId, pipeline, startedAt, finishedAt, status, report };
}
