import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import type { DrainOptions } from './options.ts';
import { drainPass } from './pass.ts';
import type { DrainReport } from './report.ts';
import { DrainRun, type PassEnd } from './run.ts';

/** Waits between tries to reach a database that went away in the middle. */
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;
const RECONNECT_TRIES = 20;

/**
 * One drain: delivers what was committed up to now and moves the slot past what is settled. Never
 * rejects: what went wrong is in the report.
 */
export async function drain(options: DrainOptions): Promise<DrainReport> {
  const run = new DrainRun(options);
  try {
    const end = await runPasses(run);
    return await run.finish(end, null);
  } catch (error) {
    return await run.finish(null, error);
  } finally {
    await run.close();
  }
}

/** Passes until one ends by itself: a lost connection is followed by another, if time is left. */
async function runPasses(run: DrainRun): Promise<PassEnd> {
  const { clock, log } = run.options;
  for (let failures = 0; ;) {
    const before = run.settledEvents;
    try {
      run.session ??= await run.options.open();
      return await drainPass(run, run.session);
    } catch (error) {
      run.doubtSession();
      // The session is left open: it can still record that the drain failed.
      if (!worthAnotherTry(run, error)) throw error;
      await run.closeSession();
      failures = run.settledEvents > before ? 1 : failures + 1;
      if (failures > RECONNECT_TRIES) throw error;
      const waitMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** (failures - 1));
      // A drain that has not read anything yet is not due, whatever the time.
      if (waitMs > run.stop.timeLeftMs) throw error;
      const isInUse = isWalhookError(error, 'slot_in_use');
      const what = isInUse ? 'slot in use' : 'database connection lost';
      // Another one's look at the slot lasts a moment, and is nothing to be told of.
      const say = isInUse && failures === 1 ? 'debug' : 'warn';
      log[say](`${what}, trying again`, { error, waitMs });
      const waited = await run.stop.unlessDue(clock.sleep(waitMs), () => false);
      if (waited === null) throw error;
    }
  }
}

/** A database that was never reached in this drain is reported at once: somebody waits for that. */
function worthAnotherTry(run: DrainRun, error: unknown): boolean {
  if (!(error instanceof WalhookError) || !run.wasConnected) return false;
  switch (error.code) {
    case 'database_connection_lost':
    case 'database_unreachable':
    case 'database_too_many_connections':
    case 'slot_in_use':
      return true;
    default:
      return false;
  }
}
