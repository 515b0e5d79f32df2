import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain } from '../../src/runtime/run-drain.ts';
import { createPipeline } from '../support/pipeline.ts';
import {
  type Answer,
  type ReceivedRequest,
  type Receiver,
  startReceiver,
} from '../support/receiver.ts';
import type { DrainerEnd, DrainerSupply } from './drainer-process.ts';
import { EndpointLedger } from './endpoint-ledger.ts';
import { checkAtRest, checkComplete, checkRecorded, type Watched } from './invariants.ts';
import { anyPlan, firstPlan, type Plan } from './plan.ts';
import { Random } from './random.ts';
import { randomConfig } from './random-config.ts';
import { readEvents } from './received-event.ts';
import { Reference } from './reference.ts';
import { NOTHING_SETTLED } from './settled.ts';
import { freeSpareSlots, takeSpareSlots } from './spare-slots.ts';
import { WORKLOAD_TABLES, writeWorkload } from './workload.ts';

export type KillRunResult = {
  readonly drainers: number;
  /** Drainers that were killed, by how. */
  readonly kills: readonly string[];
};

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** A killed drainer's session is gone at once, but not before the server has looked. */
const BUSY_TRIES = 20;
const DRAINERS_TO_THE_END = 4;

/**
 * Writes, drains, kills and drains again, all by the seed, and checks after each drainer what has to
 * hold. Throws what did not, with the seed.
 */
export async function killRun(
  seed: number,
  serverUrl: string,
  supply: DrainerSupply,
): Promise<KillRunResult> {
  const random = new Random(seed);
  const history: string[] = [];
  const receiver = await startReceiver();
  const { options, orderings, readsAhead } = randomConfig(random, receiver.url);
  const pipeline = await createPipeline(options, WORKLOAD_TABLES, serverUrl);
  const reference = new Reference(pipeline.database);
  const texts = new Map<string, string>();
  const ledgers = new Map(
    [...orderings].map(([name, ordering]) => [name, new EndpointLedger(ordering, texts)]),
  );
  try {
    await reference.open();
    if (!readsAhead) await takeSpareSlots(pipeline.database);
    const drainers = new Drainers({ pipeline, reference, ledgers }, receiver, supply, history);
    await drainers.killAndDrain(seed, random);
    await checkComplete({ pipeline, reference, ledgers });
    return { drainers: drainers.count, kills: drainers.kills };
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}
  after: ${history.join(' | ')}
  replay: npm run test:kill -- --seed ${seed} --runs 1`,
      { cause: error },
    );
  } finally {
    await receiver.close();
    await freeSpareSlots(pipeline.database);
    await pipeline.database.dropSlotsAndDatabase();
  }
}

/** Drainers of one pipeline, one after the other, each with a plan for its end. */
class Drainers {
  count = 0;
  readonly kills: string[] = [];
  readonly #watched: Watched;
  readonly #supply: DrainerSupply;
  readonly #history: string[];
  /** Kills the drainer that runs, or asks it to stop. */
  #end: () => void = () => undefined;
  #plan: Plan = { kind: 'unhindered' };
  #requests = 0;
  #failing: string | null = null;

  constructor(watched: Watched, receiver: Receiver, supply: DrainerSupply, history: string[]) {
    this.#watched = watched;
    this.#supply = supply;
    this.#history = history;
    receiver.answerWith((request) => this.#answer(request));
  }

  async killAndDrain(seed: number, random: Random): Promise<void> {
    const { database } = this.#watched.pipeline;
    const sessions = [await database.client(), await database.client()] as const;
    const rounds = 2 + random.below(2);
    for (let round = 0; round < rounds; round++) {
      if (round === 0 || random.chance(50)) {
        await writeWorkload(sessions, random, 6 + random.below(25));
      }
      this.#failing = random.chance(20) ? random.pick([...this.#watched.ledgers.keys()]) : null;
      await this.#drain(round === 0 ? firstPlan(seed, random) : anyPlan(random));
    }
    this.#failing = null;
    for (let left = DRAINERS_TO_THE_END; ; left--) {
      const report = await this.#drain({ kind: 'unhindered' });
      if (report?.status === 'caught_up') return;
      if (left === 0) throw new Error(`the last drainer ended ${report?.status}`);
    }
  }

  /** A drainer that is not turned away; null where it was killed. */
  async #drain(plan: Plan): Promise<DrainReport | null> {
    this.#plan = plan;
    for (let tries = 0; tries < BUSY_TRIES; tries++) {
      const report = await this.#drainOnce();
      if (report?.status !== 'busy') return report;
    }
    throw new Error('the lease of a drainer that is gone was not let go');
  }

  async #drainOnce(): Promise<DrainReport | null> {
    const watched = this.#watched;
    const plan = this.#plan;
    const before = await checkAtRest(watched);
    for (const [name, ledger] of watched.ledgers) {
      ledger.drainerStarts(before.get(name) ?? NOTHING_SETTLED);
    }
    this.#requests = 0;
    const drainer = this.count++;
    const { report, killed } = await this.#run(configOf(watched.pipeline.config, plan, drainer));
    const failing = this.#failing === null ? '' : `, ${this.#failing} failing`;
    this.#history.push(`${JSON.stringify(plan)}${failing}: ${killed ? 'killed' : report?.status}`);
    if (killed) this.kills.push(plan.kind === 'die at step' ? plan.step : plan.kind);
    if (report?.status === 'failed' && report.error?.code !== 'stuck') {
      throw new Error(`a drain failed: ${JSON.stringify(report.error)}`);
    }
    const after = await checkAtRest(watched);
    // A deadline gives requests up that have not been answered when it comes.
    if (!killed && plan.kind !== 'deadline') checkRecorded(watched, drainer, after);
    return killed ? null : report;
  }

  /** Only who is to die needs a process of its own. */
  #run(config: ResolvedConfig): Promise<DrainerEnd> {
    const plan = this.#plan;
    if (plan.kind === 'die at step' || plan.kind === 'die at request') {
      const process = this.#supply.take();
      const at = plan.kind === 'die at step' ? { ...plan, signal: 'SIGKILL' as const } : undefined;
      this.#end = () => process.signal('SIGKILL');
      return process.drain({ config, ...(at && { at }) });
    }
    const stop = new AbortController();
    this.#end = () => stop.abort();
    const { signal } = stop;
    return runDrain({ config, platform: nodePlatform, log: silent, signal }).then((report) => ({
      report,
      killed: false,
    }));
  }

  #answer(request: ReceivedRequest): Answer {
    const name = request.path.slice(1);
    const drainer = Number(request.headers['x-drainer']);
    const nth = drainer === this.count - 1 ? ++this.#requests : 0;
    const refuses = name === this.#failing;
    const plan = this.#plan;
    const dies = plan.kind === 'die at request' && nth === plan.nth;
    const confirms = !refuses && !(dies && plan.when === 'before');
    const events = readEvents(request.body.toString('utf8'));
    this.#watched.ledgers.get(name)!.receive(events, drainer, confirms);
    if (plan.kind === 'stop at request' && nth === plan.nth) this.#end();
    if (!dies) return refuses ? 503 : 204;
    if (plan.when === 'before') {
      this.#end();
      return 'hang';
    }
    // Once the answer is on its way.
    setImmediate(this.#end);
    return refuses ? 503 : 204;
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
