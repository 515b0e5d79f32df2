import { describeBytes, describeMs } from '../quantities/describe.ts';
import type { EndpointStatus } from './pipeline-status.ts';

/** What is wrong with endpoints, in words, each with what to do: what holds the slot comes first. */
export function endpointTroubles(endpoints: readonly EndpointStatus[], now: number): string[] {
  const configured = endpoints.filter(({ state }) => state !== 'removed');
  return [
    ...configured.flatMap((endpoint) => holdingTroubles(endpoint, now)),
    ...configured.flatMap((endpoint) => parkingTroubles(endpoint, now)),
    ...configured.flatMap(deadLetterTroubles),
    ...configured.flatMap(missedTroubles),
    ...endpoints.filter(({ state }) => state === 'removed').flatMap(removedTroubles),
  ];
}

function holdingTroubles(endpoint: EndpointStatus, now: number): string[] {
  const { name, state, reason, paused } = endpoint;
  if (paused !== null && !paused.parks) {
    return [
      `The endpoint "${name}" has been paused for ${sinceText(paused.since, now)} (${paused.reason}): its events wait in the slot, which cannot move on. walhook endpoints resume ${name}, or let them be parked: walhook endpoints pause ${name} --park`,
    ];
  }
  if (state !== 'held') return [];
  return [
    `The endpoint "${name}" takes nothing (${reason ?? 'no reason given'}): its events wait in the slot, which cannot move on. Make it answer 2xx again.${downText(endpoint, now)}`,
  ];
}

function parkingTroubles(endpoint: EndpointStatus, now: number): string[] {
  const { name, state, reason, paused } = endpoint;
  if (paused?.parks === true) {
    return [
      `The endpoint "${name}" has been paused for ${sinceText(paused.since, now)} (${paused.reason}): ${waitingText(endpoint)}. walhook endpoints resume ${name} sends them first.`,
    ];
  }
  if (state === 'parking') {
    return [
      `The endpoint "${name}" takes nothing (${reason ?? 'no reason given'}): ${waitingText(endpoint)}. Make it answer 2xx again; they go first then.${downText(endpoint, now)}`,
    ];
  }
  return [];
}

function deadLetterTroubles({ name, dead_letters: letters }: EndpointStatus): string[] {
  if (letters === 0) return [];
  return [
    `The endpoint "${name}" has ${countText(letters, 'dead letter')}. See walhook dead-letters list --endpoint ${name}`,
  ];
}

function missedTroubles({ name, missed_from: from }: EndpointStatus): string[] {
  if (from === null) return [];
  return [
    `The endpoint "${name}" was not configured while changes after ${from} were drained: it will not get these. The next drain sends it what comes after the slot's position.`,
  ];
}

function removedTroubles({ name, waiting, dead_letters: letters }: EndpointStatus): string[] {
  const left = [
    waiting === null ? null : countText(waiting.events, 'parked event'),
    letters === 0 ? null : countText(letters, 'dead letter'),
  ].filter((part) => part !== null);
  if (left.length === 0) return [];
  return [
    `The endpoint "${name}" is not configured any more, and has ${left.join(' and ')}. Configure it again to send them, or forget them: see the runbook.`,
  ];
}

/** ` It has been down for 12 min; the next drain tries again.`, or nothing. */
function downText(endpoint: EndpointStatus, now: number): string {
  const { name, down_since: since, next_attempt_at: next } = endpoint;
  if (since === null) return '';
  const waitMs = next === null ? 0 : Date.parse(next) - now;
  const attempt =
    waitMs <= 0
      ? 'the next drain tries again'
      : `no attempt is made in the next ${describeMs(waitMs)}, unless you say walhook endpoints resume ${name}`;
  return ` It has been down for ${sinceText(since, now)}; ${attempt}.`;
}

function waitingText({ waiting }: EndpointStatus): string {
  if (waiting === null) return 'its events are parked, none so far';
  return `${countText(waiting.events, 'event')} (${describeBytes(waiting.bytes)}) ${waiting.events === 1 ? 'is' : 'are'} parked for it`;
}

function sinceText(instant: string, now: number): string {
  return describeMs(Math.max(0, now - Date.parse(instant)));
}

function countText(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
