import { troubleText } from '../health/views/status.ts';
import { endpointStatuses, loadEndpoints } from './endpoint-status.ts';
import { diagnosedEndpoints } from './examine.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { EndpointStatus } from './pipeline-status.ts';

/** The fields are public: `endpoints list --json`. */
export type EndpointReport = {
  readonly pipeline: string;
  readonly endpoints: readonly EndpointStatus[];
  readonly troubles: readonly string[];
};

/** How each endpoint fares, and what is wrong with it. Throws state_missing, state_outdated. */
export async function readEndpointReport(
  access: PipelineAccess,
  now: number,
): Promise<EndpointReport> {
  const { pipeline } = access;
  const kept = await loadEndpoints(access);
  return {
    pipeline: pipeline.name,
    endpoints: endpointStatuses(pipeline, kept),
    troubles: diagnosedEndpoints(pipeline, kept, now).map(troubleText),
  };
}
