import type { ResolvedConfig } from '../config/schema.ts';
import type { RateLimit } from '../delivery/rate-limit.ts';
import type { Sink } from '../delivery/sink.ts';
import type { EndpointSetup, SourceAbout } from '../drain/ports.ts';
import { endpointSetup } from './endpoints.ts';
import type { Platform } from './platform.ts';

/** What is kept of one endpoint from drain to drain. */
type Kept = {
  readonly setup: EndpointSetup;
  /** By what the receiver is told of the source. */
  readonly sinks: Map<string, Sink>;
  limit: Promise<RateLimit> | null;
};

const nothing = (): Promise<void> => Promise.resolve();

/**
 * Endpoints whose connections the next drain finds open, and whose rate limits know what the last one
 * sent: ten requests a second are ten, however many drains a second there are.
 */
export class KeptEndpoints {
  readonly #config: ResolvedConfig;
  readonly #kept: readonly Kept[];

  constructor(config: ResolvedConfig, platform: Platform) {
    this.#config = config;
    this.#kept = config.endpoints.map((endpoint) => ({
      setup: endpointSetup(endpoint, config, platform),
      sinks: new Map(),
      limit: null,
    }));
  }

  setups(): EndpointSetup[] {
    return this.#kept.map((kept) => ({
      ...kept.setup,
      createSink: (about) => lendSink(sinkOf(kept, about)),
      createLimit: lendingLimit(kept),
    }));
  }

  /** With connections of one's own, from a platform that counts the requests of one drain. */
  setupsOn(platform: Platform): EndpointSetup[] {
    return this.#config.endpoints.map((endpoint, index) => ({
      ...endpointSetup(endpoint, this.#config, platform),
      createLimit: lendingLimit(this.#kept[index]!),
    }));
  }

  async close(): Promise<void> {
    const sinks = this.#kept.flatMap((kept) => [...kept.sinks.values()]);
    const limits = this.#kept.map(async ({ limit }) => (await limit?.catch(() => null))?.close());
    await Promise.all([...limits, ...sinks.map((sink) => sink.close())]);
  }
}

function sinkOf({ sinks, setup }: Kept, about: SourceAbout): Sink {
  const key = JSON.stringify([about.database, about.system]);
  const sink = sinks.get(key) ?? setup.createSink(about);
  sinks.set(key, sink);
  return sink;
}

function lendSink(sink: Sink): Sink {
  return {
    send: (...sending) => sink.send(...sending),
    close: nothing,
  };
}

function lendingLimit(kept: Kept): EndpointSetup['createLimit'] {
  return async (warn) => {
    kept.limit ??= kept.setup.createLimit(warn);
    try {
      const limit = await kept.limit;
      return {
        acquire: (events, signal) => limit.acquire(events, signal),
        pause: (ms) => limit.pause(ms),
        close: nothing,
      };
    } catch (error) {
      kept.limit = null;
      throw error;
    }
  };
}
