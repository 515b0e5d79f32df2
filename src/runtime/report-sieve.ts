import type { DrainReport } from '../drain/report.ts';

/**
 * Of the reports of a process that drains many times a second: what differs from the one before, what
 * failed, and of the rest one in a while.
 */
export class ReportSieve {
  readonly #everyMs: number;
  #last = '';
  #passedAt = -Infinity;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  passes(report: DrainReport, now: number): boolean {
    const endpoints = report.endpoints.map((each) => [each.state, each.dead_lettered > 0]);
    const outcome = JSON.stringify([report.status, endpoints]);
    const isNews = outcome !== this.#last || report.status === 'failed';
    if (!isNews && now - this.#passedAt < this.#everyMs) return false;
    this.#last = outcome;
    this.#passedAt = now;
    return true;
  }
}
