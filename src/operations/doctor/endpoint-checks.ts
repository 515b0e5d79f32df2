import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { readEndpoints } from '../endpoint-status.ts';
import type { EndpointStatus } from '../pipeline-status.ts';
import { type Check, failed, type Finding, ok, type Patient, warning } from './check.ts';

/** What the state tables tell of endpoints. */
export const endpointChecks: readonly Check[] = [
  {
    name: 'endpoints that are down',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const down = endpoints.filter(({ state, down_since: since }) => {
          return state === 'held' || (state !== 'paused' && since !== null);
        });
        if (down.length === 0) return ok('none');
        const found = down.map((endpoint) => downText(endpoint, patient.now())).join('; ');
        const holding = down.filter(({ state }) => state === 'held');
        const name = down[0]!.name;
        return holding.length > 0
          ? failed(
              `${found}. The slot cannot move on`,
              `Make it answer 2xx again (walhook endpoints test ${name}); each drain tries on.`,
            )
          : warning(found, `Make it answer 2xx again (walhook endpoints test ${name}).`);
      }),
  },
  {
    name: 'paused endpoints',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const paused = endpoints.filter(({ state }) => state === 'paused');
        if (paused.length === 0) return ok('none');
        const found = paused.map((endpoint) => pauseText(endpoint, patient.now())).join('; ');
        const holding = paused.filter((endpoint) => endpoint.paused?.parks === false);
        if (holding.length === 0) {
          return warning(found, `walhook endpoints resume ${paused[0]!.name}, once it may go on.`);
        }
        const name = holding[0]!.name;
        return warning(
          found,
          `The slot cannot move on: walhook endpoints resume ${name}, or walhook endpoints pause ${name} --park.`,
        );
      }),
  },
  {
    name: 'parked events',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const waiting = endpoints.filter((endpoint) => endpoint.waiting !== null);
        if (waiting.length === 0) return ok('none');
        const found = waiting.map((endpoint) => waitingText(endpoint, patient.now())).join('; ');
        const full = waiting.find((endpoint) => isNearCap(patient, endpoint));
        if (full !== undefined) {
          return warning(
            `${found}. That of "${full.name}" is close to its cap`,
            `Make it answer 2xx again, or raise its cap: beyond it, the slot is held.`,
          );
        }
        return warning(found, 'They go first, in order, once their endpoint takes events again.');
      }),
  },
  {
    name: 'dead letters',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const some = endpoints.filter(({ dead_letters: letters }) => letters > 0);
        if (some.length === 0) return ok('none');
        const found = some.map(({ name, dead_letters: n }) => `${n} of "${name}"`).join(', ');
        return warning(
          found,
          'walhook dead-letters list shows why; redrive them once that is repaired, or discard them.',
        );
      }),
  },
  {
    name: 'endpoints that were away',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const away = endpoints.filter(
          ({ state, missed_from: from }) => state !== 'removed' && from !== null,
        );
        if (away.length === 0) return ok('none');
        const found = away.map(({ name, missed_from: from }) => `"${name}" since ${from}`);
        return warning(
          `not configured while changes were drained, which they will not get: ${found.join(', ')}`,
          'Bring them up to date by other means, such as an export of the tables, before the next drain.',
        );
      }),
  },
  {
    name: 'removed endpoints',
    look: (patient) =>
      ofEndpoints(patient, (endpoints) => {
        const left = endpoints.filter(
          ({ state, waiting, dead_letters: letters }) =>
            state === 'removed' && (waiting !== null || letters > 0),
        );
        if (left.length === 0) return ok('nothing is left of any');
        return warning(
          `not configured any more, with parked events or dead letters: ${left.map(({ name }) => name).join(', ')}`,
          'Configure them again to send these, or forget them: see the runbook.',
        );
      }),
  },
];

/** At four fifths there is still time. */
const NEAR_CAP = 0.8;

function isNearCap({ pipeline }: Patient, { name, waiting }: EndpointStatus): boolean {
  const bounds = pipeline.parkingBounds.get(name);
  if (bounds === undefined || waiting === null) return false;
  const { maxEvents, maxBytes } = bounds;
  return waiting.events >= maxEvents * NEAR_CAP || waiting.bytes >= maxBytes * NEAR_CAP;
}

async function ofEndpoints(
  patient: Patient,
  look: (endpoints: readonly EndpointStatus[]) => Finding,
): Promise<Finding> {
  return look(await readEndpoints(patient));
}

function downText({ name, reason, down_since: since }: EndpointStatus, now: number): string {
  const howLong = since === null ? '' : ` for ${agoText(since, now)}`;
  return `"${name}"${howLong} (${reason ?? 'no reason given'})`;
}

function pauseText({ name, paused }: EndpointStatus, now: number): string {
  const { since, reason, parks } = paused!;
  return `"${name}" for ${agoText(since, now)} (${reason}), ${parks ? 'its events are parked' : 'it holds the slot'}`;
}

function waitingText({ name, waiting }: EndpointStatus, now: number): string {
  const { events, bytes, oldest_at: oldest } = waiting!;
  return `${events.toLocaleString('en')} of "${name}", ${describeBytes(bytes)}, for up to ${agoText(oldest, now)}`;
}

function agoText(instant: string, now: number): string {
  return describeMs(Math.max(0, now - Date.parse(instant)));
}
