import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { describeEncryption } from '../../operations/connection-status.ts';
import type { RunStatus, SlotStatus, Status } from '../../operations/pipeline-status.ts';
import { alignColumns } from './columns.ts';
import { endpointTable, troubleLines } from './endpoint-text.ts';

/** For somebody who was woken up: what is wrong first, then the figures. */
export function statusLines(status: Status, now: number, width: number): string[] {
  const { troubles, pipeline, database, publication, slot } = status;
  const verdict = troubles.length === 0 ? ['All is well.'] : troubleLines(troubles, width);
  const facts = [
    ['pipeline', `${pipeline}, of the database ${database}`],
    ['connection', describeEncryption(status.connection)],
    ['publication', publication.exists ? publication.name : `${publication.name}: missing`],
    ['slot', slotText(slot)],
    ...(slot.exists ? [['WAL', walText(slot)]] : []),
    ['drain', drainText(status, now)],
  ];
  return [
    ...verdict,
    '',
    ...alignColumns(facts),
    '',
    endpointsHeading(status),
    ...endpointTable(status.endpoints, now),
    ...(status.runs.length === 0 ? [] : ['', 'last runs that found something']),
    ...alignColumns(runRows(status.runs, now)),
  ];
}

function endpointsHeading({ endpoints }: Status): string {
  const noneIsConfigured =
    endpoints.length > 0 && endpoints.every(({ state }) => state === 'removed');
  return noneIsConfigured ? 'endpoints, none of them configured in this call' : 'endpoints';
}

function slotText(slot: SlotStatus): string {
  if (!slot.exists) return `${slot.name}: missing`;
  const state = slot.invalidation_reason ?? slot.wal_status ?? 'unknown';
  const reader = slot.active_pid === null ? '' : `, read by the process ${slot.active_pid}`;
  return `${slot.name} at ${slot.confirmed_lsn ?? 'no position'} (${state})${reader}`;
}

function walText({
  lag_bytes: lag,
  held_bytes: held,
  safe_bytes: safe,
  max_held_bytes: max,
}: SlotStatus) {
  const left = safe === null ? '' : `, another ${describeBytes(safe)} is safe`;
  const bound = max === null ? 'without a bound' : `of at most ${describeBytes(max)}${left}`;
  return `${bytesOr(lag)} to drain; ${bytesOr(held)} held, ${bound}`;
}

function drainText({ lease, last_drain_at: last }: Status, now: number): string {
  if (lease !== null) return `under way (${lease.owner}), the lease runs until ${lease.expires_at}`;
  return last === null ? 'never' : `last one ${ago(last, now)}`;
}

function runRows(runs: readonly RunStatus[], now: number): string[][] {
  return runs.map(({ finished_at: finished, status, report }) => [
    ago(finished, now),
    status,
    eventsText(numberIn(report, 'events')),
    describeMs(numberIn(report, 'duration_ms')),
  ]);
}

function eventsText(events: number): string {
  return `${events.toLocaleString('en')} event${events === 1 ? '' : 's'}`;
}

/** A report may be of another version than this one. */
function numberIn(report: unknown, name: string): number {
  if (typeof report !== 'object' || report === null) return 0;
  const value: unknown = Reflect.get(report, name);
  return typeof value === 'number' ? value : 0;
}

function ago(instant: string, now: number): string {
  return `${describeMs(Math.max(0, now - Date.parse(instant)))} ago`;
}

function bytesOr(bytes: number | null): string {
  return bytes === null ? 'unknown' : describeBytes(bytes);
}
