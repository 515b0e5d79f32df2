import { setTimeout as delay } from 'node:timers/promises';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { STUCK_TIMES } from '../../src/delivery/circuit-breaker.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import type { DrainerSupply } from '../kill/drainer-process.ts';
import { anyPlan, firstPlan, type Plan, STEPS, STORING_STEPS } from '../kill/plan.ts';
import { checkEnd, PlannedDrainers, unlessBusy } from '../kill/planned-drainers.ts';
import { Random } from '../kill/random.ts';
import { readEvents } from '../kill/received-event.ts';
import { Reference } from '../kill/reference.ts';
import { freeSpareSlots, takeSpareSlots } from '../kill/spare-slots.ts';
import { WORKLOAD_TABLES, writeWorkload } from '../kill/workload.ts';
import { createPipeline } from '../support/pipeline.ts';
import {
  type Answer,
  type ReceivedRequest,
  type Receiver,
  startReceiver,
} from '../support/receiver.ts';
import { checkAtRest, checkComplete, checkRecorded, type Watched } from './at-rest.ts';
import { EndpointAccount } from './endpoint-account.ts';
import { FaultyReceiver, type Mood } from './faulty-receiver.ts';
import { Operator } from './interventions.ts';
import {
  changedPolicy,
  optionsOf,
  type RandomEndpoint,
  randomEndpoints,
} from './random-endpoints.ts';

export type ChaosResult = {
  readonly drainers: number;
  /** Steps at which drainers were killed. */
  readonly killedAt: readonly string[];
  readonly parked: number;
  readonly deadLettered: number;
};

/** Where all of a request fails, each drain gives up its first event. */
const DRAINERS_TO_THE_END = 60;
const ALL_STEPS = [...STEPS, ...STORING_STEPS, ...STORING_STEPS];
const MOODS: readonly Mood[] = ['well', 'slow', 'slow', 'moody', 'moody', 'down', 'down', 'silent'];

/**
 * Ten endpoints in bad shape, a source that goes on writing, drainers that die, and a person who
 * pauses, resumes and redrives; then all is well again, and everything has to be where it belongs.
 * Throws what is not, with the seed.
 */
export async function chaosRun(
  seed: number,
  serverUrl: string,
  supply: DrainerSupply,
): Promise<ChaosResult> {
  const random = new Random(seed);
  const history: string[] = [];
  const receiver = await startReceiver();
  const endpoints = randomEndpoints(random, receiver.url);
  const options = optionsOf(endpoints, random);
  const readsAhead = random.chance(60);
  const pipeline = await createPipeline(options, WORKLOAD_TABLES, serverUrl);
  const reference = new Reference(pipeline.database);
  const known = new Map();
  const accounts = new Map(
    endpoints.map(({ name, ordering, wants }) => [
      name,
      new EndpointAccount(ordering, wants, known),
    ]),
  );
  try {
    await reference.open();
    if (!readsAhead) await takeSpareSlots(pipeline.database);
    const watched = { pipeline, reference, known, accounts };
    const names = endpoints.map(({ name }) => name);
    // A letter may come and go while a drainer runs.
    const operator = new Operator(pipeline, new Random(seed + 1), names, history, (letter) =>
      accounts.get(letter.endpoint)!.deadLettered.add(letter.eventId),
    );
    const chaos = new Chaos(watched, endpoints, receiver, supply, operator, seed);
    await chaos.rage(seed, random);
    await chaos.calmDown();
    const whole = endpoints.filter((endpoint) => endpoint.getsEverything);
    await checkComplete(watched, new Set(whole.map(({ name }) => name)));
    return { drainers: chaos.count, killedAt: chaos.killedAt, ...(await sums(watched)) };
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}
  after: ${history.join(' | ')}
  replay: npm run test:chaos -- --seed ${seed} --runs 1`,
      { cause: error },
    );
  } finally {
    await receiver.close();
    await freeSpareSlots(pipeline.database);
    await pipeline.database.dropSlotsAndDatabase();
  }
}

async function sums({ pipeline }: Watched): Promise<Pick<ChaosResult, 'parked' | 'deadLettered'>> {
  const [row] = await pipeline.database.query<{ parked: string; dead_lettered: string }>(
    'select sum(parked) as parked, sum(dead_lettered) as dead_lettered from walhook.endpoints',
  );
  return { parked: Number(row!.parked), deadLettered: Number(row!.dead_lettered) };
}

class Chaos {
  readonly killedAt: string[] = [];
  readonly #watched: Watched;
  readonly #drainers: PlannedDrainers;
  readonly #operator: Operator;
  readonly #receivers: ReadonlyMap<string, FaultyReceiver>;
  #config: ResolvedConfig;
  /** Requests of a drainer after which somebody intervenes. */
  #interveneAt = 0;
  #intervention: Promise<void> = Promise.resolve();

  constructor(
    watched: Watched,
    endpoints: readonly RandomEndpoint[],
    receiver: Receiver,
    supply: DrainerSupply,
    operator: Operator,
    seed: number,
  ) {
    this.#watched = watched;
    this.#drainers = new PlannedDrainers(supply);
    this.#operator = operator;
    this.#config = watched.pipeline.config;
    this.#receivers = new Map(
      endpoints.map(({ name, faults }, i) => {
        const { taken } = watched.accounts.get(name)!;
        const random = new Random(seed * 1_000 + i);
        return [name, new FaultyReceiver(name, faults, random, (id) => taken.has(id))];
      }),
    );
    receiver.answerWith((request) => this.#answer(request));
  }

  get count(): number {
    return this.#drainers.count;
  }

  async rage(seed: number, random: Random): Promise<void> {
    const { database } = this.#watched.pipeline;
    const sessions = [await database.client(), await database.client()] as const;
    const rounds = 4 + random.below(3);
    for (let round = 0; round < rounds; round++) {
      for (const receiver of this.#receivers.values()) {
        if (round === 0 || random.chance(60)) receiver.mood = random.pick(MOODS);
      }
      if (random.chance(40)) await this.#operator.intervene();
      if (random.chance(30)) await this.#changePolicy(random);
      this.#interveneAt = random.chance(40) ? 1 + random.below(40) : 0;
      const writing = this.#write(sessions, random);
      if (random.chance(50)) await writing;
      const plan = round === 1 ? firstPlan(seed, random, ALL_STEPS) : randomPlan(random);
      await this.#drain(plan, () => writing);
    }
  }

  /** Every receiver takes what it ever will, nobody dies, and time has passed. */
  async calmDown(): Promise<void> {
    for (const [name, receiver] of this.#receivers)
      receiver.mood = /[02468]$/.test(name) ? 'slow' : 'well';
    this.#interveneAt = 0;
    await this.#operator.resumeAll();
    for (let left = DRAINERS_TO_THE_END; ; left--) {
      await this.#letTimePass();
      const report = await this.#drain({ kind: 'unhindered' }, () => Promise.resolve());
      const isThrough = report?.status === 'caught_up' && report.to_lsn === report.target_lsn;
      if (isThrough) return;
      if (left === 0) throw new Error(`the last drainer ended ${JSON.stringify(report)}`);
    }
  }

  /** No wait is left, and what stood before everything else has done so for long. */
  async #letTimePass(): Promise<void> {
    await this.#watched.pipeline.database.query(
      `update walhook.endpoints set next_attempt_at = least(next_attempt_at, now()),
         stuck_times = case when stuck_times > 0 then greatest(stuck_times, $1) else 0 end`,
      [STUCK_TIMES - 1],
    );
  }

  async #write(sessions: Parameters<typeof writeWorkload>[0], random: Random): Promise<void> {
    const own = new Random(random.below(2 ** 31));
    await writeWorkload(sessions, own, 3 + own.below(15));
    if (own.chance(60)) await sessions[0].query(largeTransaction(own));
    await writeWorkload(sessions, own, 1 + own.below(5));
  }

  async #changePolicy(random: Random): Promise<void> {
    const { pipeline } = this.#watched;
    const at = random.below(this.#config.endpoints.length);
    const endpoints = this.#config.endpoints.map((endpoint, i) =>
      i === at && endpoint.type === 'http' ? changedPolicy(endpoint, random) : endpoint,
    );
    this.#operator.history.push(`another policy for ${endpoints[at]!.name}`);
    this.#config = (await pipeline.configured({ endpoints })).config;
  }

  #drain(plan: Plan, alongside: () => Promise<void>): Promise<DrainReport | null> {
    this.#drainers.plan = plan;
    return unlessBusy(this.#watched.pipeline.database, () => this.#drainOnce(plan, alongside));
  }

  async #drainOnce(plan: Plan, alongside: () => Promise<void>): Promise<DrainReport | null> {
    const watched = this.#watched;
    const before = await checkAtRest(watched);
    for (const [name, account] of watched.accounts) {
      const { settled, parked, deadLetters } = before.get(name)!;
      account.drainerStarts((id) => deadLetters.has(id) || (settled.has(id) && !parked.has(id)));
    }
    const drainer = this.count;
    const end = await this.#drainers.run(this.#config);
    const { report, killed } = end;
    await alongside();
    await this.#intervention;
    if (killed && plan.kind === 'die at step') this.killedAt.push(plan.step);
    this.#tell(plan, killed ? 'killed' : JSON.stringify(report?.status));
    checkEnd(end);
    const after = await checkAtRest(watched);
    // A deadline gives requests up that have not been answered when it comes.
    if (!killed && plan.kind !== 'deadline') checkRecorded(watched, drainer, after);
    return killed ? null : report;
  }

  #tell(plan: Plan, end: string): void {
    const moods = [...this.#receivers.values()].map(({ mood }) => mood);
    this.#operator.history.push(`${JSON.stringify(plan)} with ${moods.join(' ')}: ${end}`);
  }

  #answer(request: ReceivedRequest): Answer | Promise<Answer> {
    const name = request.path.slice(1);
    const { drainer, nth } = this.#drainers.receive(request);
    if (nth > 0 && nth === this.#interveneAt) this.#intervention = this.#operator.intervene();
    const account = this.#watched.accounts.get(name)!;
    const received = readEvents(request.body.toString('utf8'));
    const events = received.map(({ event }) => event);
    account.receive(received, drainer);
    const { plan } = this.#drainers;
    if (plan.kind === 'stop at request' && nth === plan.nth) this.#drainers.end();
    const dies = plan.kind === 'die at request' && nth === plan.nth;
    if (dies && plan.when === 'before') {
      this.#drainers.end();
      return 'hang';
    }
    const reply = this.#receivers.get(name)!.reply(events, request.body.length);
    account.answered(events, drainer, reply.taken, reply.failedAlone);
    // Once the answer is on its way.
    if (dies) setImmediate(() => this.#drainers.end());
    return reply.delayMs === undefined ? reply.answer : delay(reply.delayMs, reply.answer);
  }
}

/** Half of them run to their end: what is parked has to come to something. */
function randomPlan(random: Random): Plan {
  return random.chance(50) ? { kind: 'unhindered' } : anyPlan(random, ALL_STEPS);
}

function largeTransaction(random: Random): string {
  return random.pick([
    `insert into audit select 7, 'many ' || n from generate_series(1, 400) n`,
    `insert into lines select 100 + n % 2, n, 'many', n from generate_series(1, 300) n
     on conflict (order_id, line) do update set qty = lines.qty + 1`,
    `update accounts set owner = owner || '.'`,
  ]);
}
