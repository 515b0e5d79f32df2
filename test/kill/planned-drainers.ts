import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain } from '../../src/runtime/run-drain.ts';
import type { TestDatabase } from '../support/database.ts';
import type { ReceivedRequest } from '../support/receiver.ts';
import type { DrainerEnd, DrainerSupply } from './drainer-process.ts';
import type { Plan } from './plan.ts';
import { waitUntil } from './wait-until.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

const BUSY_TRIES = 3;
/** A killed drainer's session goes as soon as the server has looked, and so does its lease. */
const NO_DRAINER = `select where not exists (
  select from pg_stat_activity
  where datname = current_database() and application_name like 'walhook:%')`;

/** Drainers one after the other, each with a plan for its end. */
export class PlannedDrainers {
  count = 0;
  plan: Plan = { kind: 'unhindered' };
  readonly #supply: DrainerSupply;
  #end: () => void = () => undefined;
  #requests = 0;

  constructor(supply: DrainerSupply) {
    this.#supply = supply;
  }

  /** Only who is to die needs a process of its own. */
  run(config: ResolvedConfig): Promise<DrainerEnd> {
    const { plan } = this;
    const planned = configOf(config, plan, this.count++);
    this.#requests = 0;
    if (plan.kind === 'die at step' || plan.kind === 'die at request') {
      const process = this.#supply.take();
      const at = plan.kind === 'die at step' ? { ...plan, signal: 'SIGKILL' as const } : undefined;
      this.#end = () => process.signal('SIGKILL');
      return process.drain({ config: planned, ...(at && { at }) });
    }
    const stop = new AbortController();
    this.#end = () => stop.abort();
    return runDrain({
      config: planned,
      platform: nodePlatform,
      log: silent,
      signal: stop.signal,
    }).then((report) => ({ report, killed: false }));
  }

  /** Kills the drainer that runs, or asks it to stop. */
  end(): void {
    this.#end();
  }

  /** Of which drainer a request is, and which of its requests; 0 of one that is gone. */
  receive({ headers }: ReceivedRequest): { readonly drainer: number; readonly nth: number } {
    const drainer = Number(headers['x-drainer']);
    return { drainer, nth: drainer === this.count - 1 ? ++this.#requests : 0 };
  }
}

/** Drains until a drainer is not turned away; null where it was killed. */
export async function unlessBusy(
  database: TestDatabase,
  drain: () => Promise<DrainReport | null>,
): Promise<DrainReport | null> {
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const report = await drain();
    if (report?.status !== 'busy') return report;
    await waitUntil(database, NO_DRAINER);
  }
  throw new Error('the lease of a drainer that is gone was not let go');
}

/** Throws for every end that is not a drain's own. */
export function checkEnd({ report }: DrainerEnd): void {
  if (report?.status === 'failed' && report.error?.code !== 'stuck') {
    throw new Error(`a drain failed: ${JSON.stringify(report.error)}`);
  }
}

function configOf(config: ResolvedConfig, plan: Plan, drainer: number): ResolvedConfig {
  return {
    ...config,
    drain: {
      ...config.drain,
      ...(plan.kind === 'deadline' && { deadlineMs: plan.ms }),
      ...(plan.kind === 'limit' && { maxChanges: plan.changes }),
    },
    endpoints: config.endpoints.map((endpoint) =>
      endpoint.type === 'http'
        ? { ...endpoint, headers: { 'x-drainer': String(drainer) } }
        : endpoint,
    ),
  };
}
