import { connectToSource, connectToState } from '../../src/runtime/connections.ts';
import { disconnect } from '../../src/postgres/connection.ts';
import type { DeadLetter, RedriveOutcome, StateStore } from '../../src/drain/state-store.ts';
import type { Random } from '../kill/random.ts';
import type { TestPipeline } from '../support/pipeline.ts';

/** A person at the state tables, while drains run and between them. */
export class Operator {
  /** What was done, for whoever replays it. */
  readonly history: string[];
  readonly #pipeline: TestPipeline;
  readonly #random: Random;
  readonly #endpoints: readonly string[];
  readonly #onLetter: (letter: DeadLetter) => void;

  constructor(
    pipeline: TestPipeline,
    random: Random,
    endpoints: readonly string[],
    history: string[],
    onLetter: (letter: DeadLetter) => void,
  ) {
    this.#pipeline = pipeline;
    this.#random = random;
    this.#endpoints = endpoints;
    this.history = history;
    this.#onLetter = onLetter;
  }

  async intervene(): Promise<void> {
    const random = this.#random;
    const endpoint = random.pick(this.#endpoints);
    const which = random.below(10);
    const parks = random.chance(60);
    await this.#withState(async (state, pipeline) => {
      if (which < 3) {
        this.history.push(`pause ${endpoint}${parks ? ' and park' : ''}`);
        await state.pauseEndpoint(pipeline, endpoint, { reason: 'by hand', parks });
      } else if (which < 6) {
        const paused = (await state.loadEndpoints(pipeline)).filter(({ pause }) => pause !== null);
        for (const record of paused) {
          this.history.push(`resume ${record.endpoint}`);
          await state.resumeEndpoint(pipeline, record.endpoint);
        }
      } else {
        await this.#redrive(state, pipeline, endpoint);
      }
    });
  }

  async resumeAll(): Promise<void> {
    await this.#withState(async (state, pipeline) => {
      for (const endpoint of this.#endpoints) await state.resumeEndpoint(pipeline, endpoint);
    });
  }

  async #redrive(state: StateStore, pipeline: string, endpoint: string): Promise<void> {
    const letters = await state.findDeadLetters(pipeline, { endpoint });
    for (const { id } of letters.slice(0, 3)) {
      const outcome: RedriveOutcome = this.#random.chance(50)
        ? { kind: 'delivered' }
        : { kind: 'failed', detail: 'HTTP 400', answer: { status: 400, body: '' } };
      this.history.push(`redrive of ${endpoint}: ${outcome.kind}`);
      await state.redriveDeadLetter(pipeline, id, (letter) => {
        this.#onLetter(letter);
        return Promise.resolve(outcome);
      });
    }
  }

  async #withState(use: (state: StateStore, pipeline: string) => Promise<void>): Promise<void> {
    const { config } = this.#pipeline;
    const connection = await connectToSource(config);
    const { state, close } = await connectToState(config, connection);
    try {
      await use(state, config.pipeline);
    } finally {
      await close();
      await disconnect(connection);
    }
  }
}
