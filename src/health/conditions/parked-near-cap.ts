import { describeBytes } from '../../quantities/describe.ts';
import { ofConfigured } from '../about-endpoints.ts';
import { overThreshold } from '../amount.ts';
import type { AlertedCondition } from '../condition.ts';

export const parkedNearCap: AlertedCondition<'parked_near_cap'> = {
  id: 'parked_near_cap',
  runbook: 'events-are-parked',
  alert: {
    wrong: (endpoint) => `Endpoint "${endpoint}": parked events are near their cap`,
    over: (endpoint) => `Endpoint "${endpoint}": parked events are well below their cap`,
    means:
      'At the cap its events wait in the slot again, which then holds WAL on the disk of the database server for as long as the endpoint is down.',
    toDo: () => [
      'Make the endpoint answer 2xx again: what is parked goes out first, in order.',
      'If it cannot, raise maxParkedEvents or maxParkedBytes while the state database has room.',
    ],
  },
  look: ofConfigured(({ name: subject, parkedEvents, parkedBytes, caps }, { thresholds }) => {
    const parked = `${parkedEvents} events (${describeBytes(parkedBytes)}) are parked`;
    if (caps === null) return { subject, kind: 'clear', detail: parked };
    const percent = Math.max(
      percentOf(parkedEvents, caps.events),
      percentOf(parkedBytes, caps.bytes),
    );
    const detail = `${parked}, of at most ${caps.events} events and ${describeBytes(caps.bytes)}`;
    return overThreshold(percent, thresholds.parkedPercent, {
      subject,
      detail,
      sentence: `What is parked for the endpoint "${subject}" is close to its cap: ${detail}.`,
      remedy:
        'Make it answer 2xx again, or raise maxParkedEvents or maxParkedBytes: beyond the cap, the slot is held.',
    });
  }),
};

function percentOf(amount: number, whole: number): number {
  return whole === 0 ? 0 : (amount / whole) * 100;
}
