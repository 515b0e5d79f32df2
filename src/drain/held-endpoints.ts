import type { DrainReport, EndpointReport } from './report.ts';

/** The endpoints that a drain ended `held` for: their events wait in the slot, or are parked. */
export function heldEndpoints({ endpoints }: DrainReport): readonly EndpointReport[] {
  return endpoints.filter(({ state }) => state !== 'active');
}

/** `held: a (HTTP 503); events are parked for: b (paused: moving)`. */
export function heldText(report: DrainReport): string {
  const held = namesOf(report, 'held');
  const parking = namesOf(report, 'parking');
  return [
    ...(held === '' ? [] : [`held: ${held}`]),
    ...(parking === '' ? [] : [`events are parked for: ${parking}`]),
  ].join('; ');
}

/** What is to be done about a drain that ended `held`. */
export function heldRemedy(report: DrainReport): string {
  const waits = heldEndpoints(report).some(({ state }) => state === 'held');
  const where = waits
    ? 'its events wait in the slot'
    : 'its events are parked, and go first, in order';
  return `Make the endpoint answer 2xx again, or resume it if it is paused; ${where}.`;
}

function namesOf(report: DrainReport, state: EndpointReport['state']): string {
  return report.endpoints
    .filter((endpoint) => endpoint.state === state)
    .map(({ name, error }) => `${name} (${error ?? 'no reason given'})`)
    .join(', ');
}
