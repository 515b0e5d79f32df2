import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** What a receiver made of the events of one endpoint. */
export type CopiedTables = {
  /** What cannot be right: repeats, events out of order, updates of rows that are not there. */
  readonly problems: readonly string[];
  readonly distinctIds: number;
  /** How many, by operation and table. */
  readonly events: Readonly<Record<string, number>>;
  /** Each table's rows as JSON, sorted. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  /** Of the transactions that wrote to pgbench_history, ascending. */
  readonly historyXids: readonly number[];
};

const program = fileURLToPath(new URL('copying-receiver.mjs', import.meta.url));

const started = new Set<ChildProcess>();

afterAll(() => {
  for (const child of started) child.kill();
});

/** A receiver in a process of its own, so that it takes no time from the drain that it hears from. */
export class CopyingReceiver {
  readonly #address: string;

  private constructor(port: string) {
    this.#address = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<CopyingReceiver> {
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    started.add(child);
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    return new CopyingReceiver(port.toString().trim());
  }

  /** Events are checked for strict order at the ordering `strict`, else for the order of each row. */
  url(ordering: 'key' | 'strict'): string {
    return `${this.#address}/${ordering}`;
  }

  async copies(ordering: 'key' | 'strict'): Promise<CopiedTables> {
    const response = await fetch(this.url(ordering));
    return (await response.json()) as CopiedTables;
  }
}
