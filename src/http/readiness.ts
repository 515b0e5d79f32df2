import { steadyClock } from '../clock/steady-clock.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { type Readiness, type ReadinessCheck, readinessChecks } from '../health/views/readiness.ts';
import { diagnosed, examine } from '../operations/examine.ts';
import { factsOf } from '../operations/facts-of.ts';
import type { PipelineAccess } from '../operations/pipeline.ts';
import type { HttpTools } from './http-tools.ts';

/** Longer than this nobody waits for an answer that says that there is none. */
const PATIENCE_MS = 4_000;
/** However often and from wherever probes come, the database is asked once in this time. */
const FRESH_MS = 1_000;

/**
 * Whether a drain would get on: the database answers, nothing is wrong that blocks, and no endpoint
 * holds the slot. One whose events are parked does not. Never rejects.
 */
export function readinessOf({
  clock,
  withPipelineSoon,
}: Pick<HttpTools, 'clock' | 'withPipelineSoon'>): () => Promise<Readiness> {
  const now = steadyClock(clock);
  let known: { readonly at: number; readonly checks: Readiness } | null = null;
  let pending: Promise<Readiness> | null = null;
  const ask = async (): Promise<Readiness> => {
    const checks = await withPipelineSoon((access) => checkPipeline(access, clock.now())).catch(
      (error: unknown) => [failed('database', error)],
    );
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

async function checkPipeline(access: PipelineAccess, now: number): Promise<Readiness> {
  const examination = await examine(access, now, { takesAnyStateError: true });
  return readinessChecks(diagnosed(examination), factsOf(examination).endpoints);
}

/** Throws what is no failure of the pipeline but of the program. */
function failed(name: string, error: unknown): ReadinessCheck {
  if (!(error instanceof WalhookError)) throw error;
  return { name, ok: false, reason: error.message };
}
