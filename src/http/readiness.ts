import { steadyClock } from '../clock/steady-clock.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { readEndpoints } from '../operations/endpoint-status.ts';
import type { PipelineAccess } from '../operations/pipeline.ts';
import type { EndpointStatus } from '../operations/pipeline-status.ts';
import type { HttpTools } from './http-tools.ts';

export type ReadinessCheck = {
  /** database, slot, state, or endpoint: and its name. */
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | null;
};

export type Readiness = readonly ReadinessCheck[];

/** Longer than this nobody waits for an answer that says that there is none. */
const PATIENCE_MS = 4_000;
/** However often and from wherever probes come, the database is asked once in this time. */
const FRESH_MS = 1_000;

/**
 * Whether a drain would get on: the database answers, the slot can be read, and no endpoint holds it.
 * One whose events are parked does not. Never rejects.
 */
export function readinessOf({
  clock,
  withPipelineSoon,
}: Pick<HttpTools, 'clock' | 'withPipelineSoon'>): () => Promise<Readiness> {
  const now = steadyClock(clock);
  let known: { readonly at: number; readonly checks: Readiness } | null = null;
  let pending: Promise<Readiness> | null = null;
  const ask = async (): Promise<Readiness> => {
    const checks = await withPipelineSoon(checkPipeline).catch((error: unknown) => [
      failed('database', error),
    ]);
    known = { at: now(), checks };
    pending = null;
    return checks;
  };
  return async () => {
    if (known !== null && now() - known.at < FRESH_MS) return known.checks;
    pending ??= ask();
    const over = new AbortController();
    const late = clock.sleep(PATIENCE_MS, over.signal).then(() => LATE);
    try {
      return await Promise.race([pending, late]);
    } finally {
      over.abort();
    }
  };
}

const LATE: Readiness = [
  { name: 'database', ok: false, reason: `it has not answered for ${PATIENCE_MS / 1_000} s` },
];

async function checkPipeline(access: PipelineAccess): Promise<Readiness> {
  const { database, pipeline } = access;
  const server = await database.readServer();
  const slot = await database.readSlot(pipeline.slot);
  return [
    passed('database'),
    checkSlot(() => database.assertReadable(slot, pipeline.slot, server.database)),
    ...(await checkState(access)),
  ];
}

function checkSlot(assert: () => void): ReadinessCheck {
  try {
    assert();
    return passed('slot');
  } catch (error) {
    return failed('slot', error);
  }
}

async function checkState(access: PipelineAccess): Promise<Readiness> {
  try {
    await access.state.assertReady();
    const endpoints = await readEndpoints(access);
    const configured = endpoints.filter(({ state }) => state !== 'removed');
    return [passed('state'), ...configured.map(checkEndpoint)];
  } catch (error) {
    return [failed('state', error)];
  }
}

function checkEndpoint({ name, state, reason, paused }: EndpointStatus): ReadinessCheck {
  const holds = state === 'held' || (paused !== null && !paused.parks);
  const why = paused === null ? reason : `paused: ${paused.reason}`;
  const isOff = state === 'held' || state === 'parking' || state === 'paused';
  return { name: `endpoint:${name}`, ok: !holds, reason: isOff ? (why ?? state) : null };
}

function passed(name: string): ReadinessCheck {
  return { name, ok: true, reason: null };
}

/** Throws what is no failure of the pipeline but of the program. */
function failed(name: string, error: unknown): ReadinessCheck {
  if (!(error instanceof WalhookError)) throw error;
  return { name, ok: false, reason: error.message };
}
