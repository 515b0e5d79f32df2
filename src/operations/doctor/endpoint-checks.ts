import type { ConditionId } from '../../health/conditions.ts';
import { parkedText } from '../../health/about-endpoints.ts';
import {
  type Check,
  diagnosisOf,
  type Finding,
  ok,
  type Patient,
  skipped,
  warning,
} from './check.ts';

/** What the state tables tell of endpoints. */
export const endpointChecks: readonly Check[] = [
  {
    name: 'endpoints that are down',
    look: (patient) => diagnosisOr(patient, 'none', 'endpoint_down', 'endpoint_misconfigured'),
  },
  {
    name: 'paused endpoints',
    look: (patient) => diagnosisOr(patient, 'none', 'endpoint_paused'),
  },
  {
    name: 'parked events',
    async look(patient) {
      const raised = await diagnosisOf(patient, 'parked_near_cap', 'endpoint_catching_up');
      if (raised !== null) return raised;
      const { endpoints } = (await patient.examined()).facts;
      const parked = (endpoints ?? []).filter(({ parkedEvents }) => parkedEvents > 0);
      if (parked.length === 0) return ok('none');
      return warning(
        parked.map((endpoint) => `"${endpoint.name}": ${parkedText(endpoint)}`).join('; '),
        'They go first, in order, once their endpoint takes events again.',
      );
    },
  },
  { name: 'dead letters', look: (patient) => diagnosisOr(patient, 'none', 'dead_letters') },
  {
    name: 'endpoints that were away',
    look: (patient) => diagnosisOr(patient, 'none', 'endpoint_missed'),
  },
  {
    name: 'removed endpoints',
    look: (patient) => diagnosisOr(patient, 'nothing is left of any', 'endpoint_removed'),
  },
];

async function diagnosisOr(
  patient: Patient,
  well: string,
  ...conditions: readonly ConditionId[]
): Promise<Finding> {
  const { facts } = await patient.examined();
  if (facts.endpoints === null) return skipped('the state tables do not tell');
  return (await diagnosisOf(patient, ...conditions)) ?? ok(well);
}
