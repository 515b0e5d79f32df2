import { readEndpoints } from './endpoint-status.ts';
import type { PipelineAccess } from './pipeline.ts';
import { requireEndpoint } from './require-endpoint.ts';

export type PauseOptions = {
  readonly reason: string;
  /** Its events are parked meanwhile; else it holds the slot, and the WAL grows. */
  readonly parks: boolean;
};

/**
 * Nothing is sent to the endpoint until it is resumed. A drain under way takes notice with the next
 * progress it saves. Throws endpoint_unknown, state_missing.
 */
export async function pauseEndpoint(
  { pipeline, state }: PipelineAccess,
  endpoint: string,
  options: PauseOptions,
): Promise<void> {
  requireEndpoint(endpoint, pipeline.endpoints);
  await state.pauseEndpoint(pipeline.name, endpoint, options);
}

/**
 * Ends a pause, and the wait for the next attempt too: the next drain tries at once. False: there was
 * neither. Throws endpoint_unknown, state_missing.
 */
export async function resumeEndpoint(access: PipelineAccess, endpoint: string): Promise<boolean> {
  const { pipeline, state } = access;
  const known = await readEndpoints(access);
  requireEndpoint(
    endpoint,
    known.map(({ name }) => name),
  );
  return state.resumeEndpoint(pipeline.name, endpoint);
}
