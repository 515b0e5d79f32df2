import type { DrainReport } from '../../src/drain/report.ts';
import { createPipeline } from '../support/pipeline.ts';
import {
  type Answer,
  type ReceivedRequest,
  type Receiver,
  startReceiver,
} from '../support/receiver.ts';
import type { DrainerSupply } from './drainer-process.ts';
import { EndpointLedger } from './endpoint-ledger.ts';
import { checkAtRest, checkComplete, checkRecorded, type Watched } from './invariants.ts';
import { anyPlan, firstPlan, type Plan } from './plan.ts';
import { checkEnd, PlannedDrainers, unlessBusy } from './planned-drainers.ts';
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
  readonly kills: string[] = [];
  readonly #watched: Watched;
  readonly #drainers: PlannedDrainers;
  readonly #history: string[];
  #failing: string | null = null;

  constructor(watched: Watched, receiver: Receiver, supply: DrainerSupply, history: string[]) {
    this.#watched = watched;
    this.#drainers = new PlannedDrainers(supply);
    this.#history = history;
    receiver.answerWith((request) => this.#answer(request));
  }

  get count(): number {
    return this.#drainers.count;
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

  #drain(plan: Plan): Promise<DrainReport | null> {
    this.#drainers.plan = plan;
    return unlessBusy(this.#watched.pipeline.database, () => this.#drainOnce(plan));
  }

  async #drainOnce(plan: Plan): Promise<DrainReport | null> {
    const watched = this.#watched;
    const before = await checkAtRest(watched);
    for (const [name, ledger] of watched.ledgers) {
      ledger.drainerStarts(before.get(name) ?? NOTHING_SETTLED);
    }
    const drainer = this.count;
    const end = await this.#drainers.run(watched.pipeline.config);
    const { report, killed } = end;
    const failing = this.#failing === null ? '' : `, ${this.#failing} failing`;
    this.#history.push(`${JSON.stringify(plan)}${failing}: ${killed ? 'killed' : report?.status}`);
    if (killed) this.kills.push(plan.kind === 'die at step' ? plan.step : plan.kind);
    checkEnd(end);
    const after = await checkAtRest(watched);
    // A deadline gives requests up that have not been answered when it comes.
    if (!killed && plan.kind !== 'deadline') checkRecorded(watched, drainer, after);
    return killed ? null : report;
  }

  #answer(request: ReceivedRequest): Answer {
    const name = request.path.slice(1);
    const { drainer, nth } = this.#drainers.receive(request);
    const refuses = name === this.#failing;
    const { plan } = this.#drainers;
    const dies = plan.kind === 'die at request' && nth === plan.nth;
    const confirms = !refuses && !(dies && plan.when === 'before');
    const events = readEvents(request.body.toString('utf8'));
    this.#watched.ledgers.get(name)!.receive(events, drainer, confirms);
    if (plan.kind === 'stop at request' && nth === plan.nth) this.#drainers.end();
    if (!dies) return refuses ? 503 : 204;
    if (plan.when === 'before') {
      this.#drainers.end();
      return 'hang';
    }
    // Once the answer is on its way.
    setImmediate(() => this.#drainers.end());
    return refuses ? 503 : 204;
  }
}
