import { drain } from 'walhook';

/** Kept for ending: a drain may take some seconds more than its deadline (docs/library.md). */
const RESERVE_MS = 8_000;

const write = (level) => (message, fields) =>
  console.log(JSON.stringify({ level, message, ...fields }));
const log = { debug: () => undefined, info: write('info'), warn: write('warn') };

/** A drain, configured by the function's environment variables. */
export async function handler(_event, context) {
  const deadlineMs = Math.max(1_000, context.getRemainingTimeInMillis() - RESERVE_MS);
  const report = await drain(null, { deadlineMs, log });
  console.log(JSON.stringify(report));
  // What got nowhere must not look like success: let an alarm watch the function's errors.
  if (report.status === 'failed') throw new Error(`${report.error.code}: ${report.error.message}`);
  if (report.status === 'held') throw new Error('an endpoint does not take its events');
  return { status: report.status, events: report.events, lag_bytes: report.lag_bytes };
}
