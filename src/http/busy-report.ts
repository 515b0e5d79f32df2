import type { DrainReport } from '../drain/report.ts';

/** Of a drain that was not begun, because this process has one under way. */
export function busyReport(): DrainReport {
  return {
    status: 'busy',
    run_id: crypto.randomUUID(),
    from_lsn: null,
    to_lsn: null,
    target_lsn: null,
    lag_bytes: null,
    windows: 0,
    transactions: 0,
    events: 0,
    duration_ms: 0,
    endpoints: [],
    error: null,
  };
}
