import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { DrainStep } from '../../src/drain/ports.ts';
import type { DrainReport } from '../../src/drain/report.ts';

export type DrainerTask = {
  readonly config: ResolvedConfig;
  /** The process sends itself a signal when it meets the step for the nth time. */
  readonly at?: {
    readonly step: DrainStep;
    readonly nth: number;
    readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM';
  };
};

export type DrainerEnd = {
  /** null: it was killed before it could tell. */
  readonly report: DrainReport | null;
  readonly killed: boolean;
};

const program = fileURLToPath(new URL('drainer.mjs', import.meta.url));

/** A process that runs one drain of the built program. */
export class DrainerProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<DrainerEnd>;
  readonly #step: Promise<DrainStep>;
  #tellStep: (step: DrainStep) => void = () => undefined;

  constructor() {
    this.#child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
    // A task for a process that a test killed has nobody to read it.
    this.#child.stdin.on('error', () => undefined);
    this.#step = new Promise((resolve) => (this.#tellStep = resolve));
    this.#ended = this.#listen();
    this.#ended.catch(() => undefined);
  }

  drain(task: DrainerTask): Promise<DrainerEnd> {
    this.#child.stdin.end(`${JSON.stringify(task)}\n`);
    return this.#ended;
  }

  ended(): Promise<DrainerEnd> {
    return this.#ended;
  }

  /** Resolves once it sends itself the task's signal. */
  atStep(): Promise<DrainStep> {
    return this.#step;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #listen(): Promise<DrainerEnd> {
    let report: DrainReport | null = null;
    let complaint = '';
    this.#child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as { step: DrainStep } | { report: DrainReport };
      if ('step' in told) this.#tellStep(told.step);
      else report = told.report;
    });
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, string | null];
    if (code === 0 || signal === 'SIGKILL') return { report, killed: signal === 'SIGKILL' };
    throw new Error(`the drainer ended with ${code ?? signal}: ${complaint}`);
  }
}

/** Drainers, one of them always loaded already. */
export class DrainerSupply {
  readonly #taken = new Set<DrainerProcess>();
  #next = new DrainerProcess();

  take(): DrainerProcess {
    const taken = this.#next;
    this.#taken.add(taken);
    this.#next = new DrainerProcess();
    return taken;
  }

  close(): void {
    for (const drainer of [...this.#taken, this.#next]) drainer.signal('SIGKILL');
  }
}
