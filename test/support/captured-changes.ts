import { createPipeline, type PipelineOptions, type TestPipeline } from './pipeline.ts';
import { type ReceivedEvent, type ReceivedRequest, startReceiver } from './receiver.ts';

export type CapturedChanges = {
  readonly pipeline: TestPipeline;
  /** Every request so far. */
  readonly requests: readonly ReceivedRequest[];
  /**
   * Runs the statements, each that ends a line in a transaction of its own (unless one is begun),
   * drains, and returns the events that came of it, in their order.
   */
  of(sql: string): Promise<ReceivedEvent[]>;
  /** The same for what was done already. */
  drained(): Promise<ReceivedEvent[]>;
};

export type CaptureOptions = Partial<Omit<PipelineOptions, 'endpoints'>>;

/** A pipeline over the tables of `setUp`, and what it delivers, in commit order. */
export async function captureChanges(
  setUp: string,
  options: CaptureOptions = {},
): Promise<CapturedChanges> {
  const receiver = await startReceiver();
  const endpoints = [
    { name: 'hooks', type: 'http' as const, url: receiver.url, ordering: 'strict' as const },
  ];
  const pipeline = await createPipeline({ ...options, endpoints }, setUp);
  const captured: CapturedChanges = {
    pipeline,
    requests: receiver.requests,
    async of(sql) {
      for (const statement of sql.split(/;\s*\n/)) await pipeline.database.query(statement);
      return captured.drained();
    },
    async drained() {
      const before = receiver.events().length;
      const report = await pipeline.drain();
      if (report.status !== 'caught_up') throw new Error(JSON.stringify(report));
      return receiver.events().slice(before);
    },
  };
  return captured;
}

/** Some of an event's fields, to be compared. */
export function pick(event: ReceivedEvent | undefined, ...names: string[]): ReceivedEvent {
  return Object.fromEntries(names.map((name) => [name, event?.[name]]));
}
