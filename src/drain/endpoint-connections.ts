import type { RateLimit } from '../delivery/rate-limit.ts';
import type { Sink } from '../delivery/sink.ts';
import type { DrainLog, EndpointSetup, SourceAbout } from './ports.ts';

/** What a drain sends to one endpoint by. */
export type EndpointConnection = { readonly sink: Sink; readonly limit: RateLimit };

/** Sinks keep their connections, and limits what they let through, for the whole drain. */
export class EndpointConnections {
  readonly #open = new Map<string, EndpointConnection>();

  /** Those that are open already stay. Rejects with WalhookError. */
  async open(
    endpoints: readonly EndpointSetup[],
    about: SourceAbout,
    log: Pick<DrainLog, 'warn'>,
  ): Promise<void> {
    for (const { options, createSink, createLimit } of endpoints) {
      const { name } = options;
      if (this.#open.has(name)) continue;
      const limit = await createLimit((said) => log.warn(said, { endpoint: name }));
      this.#open.set(name, { sink: createSink(about), limit });
    }
  }

  to(endpoint: string): EndpointConnection {
    return this.#open.get(endpoint)!;
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    await Promise.all(all.flatMap(({ sink, limit }) => [sink.close(), limit.close()]));
  }
}
