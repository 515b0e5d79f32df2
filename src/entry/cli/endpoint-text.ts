import type { EndpointStatus } from '../../operations/pipeline-status.ts';
import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { alignColumns } from './columns.ts';
import { wrapText } from './wrapped-text.ts';

/** What is wrong, marked, in lines that a terminal of that width need not break. */
export function troubleLines(troubles: readonly string[], width: number): string[] {
  return troubles.flatMap((text) => wrapText(`! ${text}`, width, '  '));
}

/** A table of endpoints that fits a narrow terminal; what is wrong with one is said elsewhere. */
export function endpointTable(endpoints: readonly EndpointStatus[], now: number): string[] {
  const head = ['name', 'state', 'delivered', 'parked', 'dead', 'failed', 'saved'];
  return alignColumns([
    head,
    ...endpoints.map((endpoint) => [
      endpoint.name,
      stateText(endpoint),
      endpoint.delivered.toLocaleString('en'),
      waitingText(endpoint),
      endpoint.dead_letters.toLocaleString('en'),
      endpoint.failed_attempts.toLocaleString('en'),
      endpoint.updated_at === null ? '-' : `${sinceText(endpoint.updated_at, now)} ago`,
    ]),
  ]);
}

function stateText({ state, paused, breaker }: EndpointStatus): string {
  if (paused !== null && state === 'paused') return paused.parks ? 'paused, parks' : 'paused';
  // By what this call is configured with: another may name it.
  if (state === 'removed') return 'not configured';
  return breaker === 'open' ? `${state}, open` : state;
}

function waitingText({ waiting }: EndpointStatus): string {
  if (waiting === null) return '0';
  return `${waiting.events.toLocaleString('en')} (${describeBytes(waiting.bytes)})`;
}

function sinceText(instant: string, now: number): string {
  return describeMs(Math.max(0, now - Date.parse(instant)));
}
