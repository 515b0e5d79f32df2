import type { DrainReport, DrainStatus } from '../../src/drain/report.ts';
import { drainReportSchema } from '../../src/http/report-schema.ts';
import type { TestDatabase } from '../support/database.ts';

/** One of the ways to have walhook drain, as its platform runs it. */
export type Trigger = {
  readonly name: string;
  /** What the platform makes of how a drain ended, and of a configuration that is wrong. */
  readonly says: Readonly<Record<DrainStatus | 'config_invalid', string>>;
  readonly start: (deployment: Deployment) => Promise<Started>;
  /** Under a configuration that is wrong. */
  readonly refuse: (env: Environment) => Promise<Refusal>;
};

export type Environment = Readonly<Record<string, string>>;

export type Deployment = {
  /** All of its configuration. */
  readonly env: Environment;
  readonly database: TestDatabase;
};

export type Started = {
  /** May be called again before it has answered. */
  readonly drain: () => Promise<Drained>;
  readonly close: () => Promise<void>;
};

export type Drained = {
  readonly said: string;
  readonly report: DrainReport;
};

export type Refusal = {
  readonly said: string;
  /** Where whoever set it up looks for what is wrong. */
  readonly told: string;
};

/** The report in a line of JSON that may say more: every field, and of its type. */
export function reportIn(line: string): DrainReport {
  return drainReportSchema.strip().parse(JSON.parse(line));
}

/** The reports in a log, in the order of the drains' ends. */
export function reportsIn(log: string): DrainReport[] {
  const lines = log.split('\n').filter((line) => /"msg":"drained"/.test(line));
  return lines.map(reportIn);
}
