import { type Check, diagnosisOf, ok, type Patient, skipped, warning } from './check.ts';

export const drainChecks: readonly Check[] = [
  {
    name: 'drains',
    async look(patient) {
      const failing = await diagnosisOf(patient, 'run_failed');
      if (failing !== null) return failing;
      const { runs } = (await patient.examined()).facts;
      if (runs === null) return skipped('nothing is known of them');
      const [last] = runs;
      if (last?.status === 'failed') return skipped('they fail for what is said of slot or state');
      return ok('the last one did not fail');
    },
  },
  {
    name: 'skipped transactions',
    look: async (patient) =>
      (await diagnosisOf(patient, 'transaction_skipped')) ?? ok('none in the last day'),
  },
  {
    name: 'configured endpoints',
    async look(patient) {
      const { endpoints, stdoutIsFallback } = patient.pipeline;
      if (!stdoutIsFallback) return ok(endpoints.join(', '));
      const others = await otherEndpoints(patient);
      if (others.length === 0) return ok('none: events are printed to standard output');
      return warning(
        `none in this call, and this pipeline delivers to ${others.join(', ')}: a drain without it refuses`,
        'Name it as its drains do (HTTP_ENDPOINT_URL, --endpoint-url or a configuration file); EVENT_SINK=stdout, where printing is meant.',
      );
    },
  },
];

async function otherEndpoints({ examined }: Patient): Promise<string[]> {
  const { endpoints } = (await examined()).facts;
  return (endpoints ?? []).filter(({ isConfigured }) => !isConfigured).map(({ name }) => name);
}
