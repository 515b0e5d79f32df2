import type { DrainReport, EndpointReport } from '../../drain/report.ts';
import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { perSecond } from './drain-progress.ts';

/** A drain in words, a few lines. Its error is said elsewhere. */
export function drainSummary(report: DrainReport): string[] {
  return [headline(report), ...report.endpoints.filter(isWorthALine).map(endpointLine)];
}

function headline(report: DrainReport): string {
  const { status, events, transactions, duration_ms: ms } = report;
  if (status === 'busy') {
    return 'busy: another drainer has the lease; it delivers what there is, nothing to do';
  }
  const moved = events > 0 && (status === 'caught_up' || status === 'deadline');
  const rate = moved ? ` (${perSecond(events, ms / 1_000)})` : '';
  const what = `${count(events, 'event')} of ${count(transactions, 'transaction')} in ${describeMs(ms)}${rate}`;
  return `${STATUS_TEXT[status]}: ${what}${slotText(report)}`;
}

const STATUS_TEXT = {
  caught_up: 'caught up',
  deadline: 'stopped, and the next drain goes on there',
  held: 'held',
  failed: 'failed',
} as const;

function slotText({ to_lsn: at, lag_bytes: lag }: DrainReport): string {
  if (at === null) return '';
  const behind = lag === null || lag === 0 ? '' : `, ${describeBytes(lag)} of WAL behind`;
  return `; the slot stands at ${at}${behind}`;
}

function isWorthALine(endpoint: EndpointReport): boolean {
  const { delivered, filtered, parked, dead_lettered: dead, failed_attempts: failed } = endpoint;
  return endpoint.state !== 'active' || delivered + filtered + parked + dead + failed > 0;
}

function endpointLine(endpoint: EndpointReport): string {
  const parts = [
    `${endpoint.delivered.toLocaleString('en')} delivered`,
    some(endpoint.filtered, 'filtered'),
    some(endpoint.parked, 'parked'),
    some(endpoint.dead_lettered, 'dead-lettered'),
    some(endpoint.failed_attempts, 'failed tries'),
  ].filter((part) => part !== null);
  return `  ${endpoint.name}: ${parts.join(', ')}${stateText(endpoint)}`;
}

function stateText({ state, error, parked }: EndpointReport): string {
  if (state === 'active') return '';
  const behind = parked > 0 ? ', behind those that are parked' : '';
  const where = state === 'held' ? `wait in the slot${behind}` : 'are parked';
  const toDo = isPaused(error) ? '' : '; make it answer 2xx again';
  return `; ${state}: ${error ?? 'no reason given'}. Its events ${where}${toDo}.`;
}

/** By a person: it would answer, were it asked. */
function isPaused(error: string | null): boolean {
  return error?.startsWith('paused: ') === true;
}

function some(amount: number, what: string): string | null {
  return amount === 0 ? null : `${amount.toLocaleString('en')} ${what}`;
}

function count(amount: number, what: string): string {
  return `${amount.toLocaleString('en')} ${what}${amount === 1 ? '' : 's'}`;
}
