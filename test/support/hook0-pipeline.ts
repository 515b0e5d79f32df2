import { expect } from 'vitest';
import type { IngestedEvent } from './hook0-rules.ts';
import { type Hook0Server, startHook0Server } from './hook0-server.ts';
import { createPipeline, type PipelineOptions, type TestPipeline } from './pipeline.ts';
import { secret } from './secrets.ts';

export const hook0Application = {
  id: '550e8400-e29b-41d4-a716-446655440000',
  token: secret('hook0'),
};

export const hook0EndpointOf = (hook0: Hook0Server) => ({
  name: 'hook0',
  type: 'hook0' as const,
  apiUrl: hook0.url,
  applicationId: hook0Application.id,
  apiToken: hook0Application.token,
  retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 0 },
  // That of a server of one's own would keep a test waiting.
  rateLimit: { requests: 10_000, perMs: 1_000 },
});

type Endpoint = Extract<PipelineOptions['endpoints'][number], { type: 'hook0' }>;

export type Hook0Pipeline = {
  readonly hook0: Hook0Server;
  readonly pipeline: TestPipeline;
  /** Runs the statements, each in a transaction of its own, and drains. */
  ingested(...statements: readonly string[]): Promise<readonly IngestedEvent[]>;
};

/** A pipeline over `tables` that is drained into a Hook0 of its own. */
export async function createHook0Pipeline(
  tables: string,
  options: Partial<Endpoint> = {},
): Promise<Hook0Pipeline> {
  const hook0 = await startHook0Server({ applications: [hook0Application] });
  const endpoints = [{ ...hook0EndpointOf(hook0), ...options }];
  const pipeline = await createPipeline({ endpoints }, tables);
  return {
    hook0,
    pipeline,
    async ingested(...statements) {
      const before = hook0.events.length;
      for (const statement of statements) await pipeline.database.query(statement);
      expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
      return hook0.events.slice(before);
    },
  };
}

type Change = {
  readonly id: string;
  readonly op: string;
  readonly table: string;
  readonly key: { readonly id: number } | null;
  readonly before: { readonly id: number } | null;
  readonly after: Record<string, unknown> | null;
  readonly unchanged: readonly string[];
  readonly committed_at: string;
};

/** The walhook event in a payload. */
export const changeIn = ({ payload }: IngestedEvent): Change => JSON.parse(payload) as Change;
