import type { ConditionId } from '../../health/conditions.ts';
import type { Trouble } from '../../health/diagnose.ts';
import type { PipelineFacts } from '../../health/facts.ts';
import { checkOf } from '../../health/views/checks.ts';
import type { PipelineAccess } from '../pipeline.ts';

export type Finding = {
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  /** What to do about it; null where nothing is. */
  readonly remedy: string | null;
};

export type Patient = PipelineAccess & {
  /** Milliseconds since the Unix epoch, on this machine. */
  readonly now: () => number;
  /** Looked at once, for all checks. Throws WalhookError. */
  readonly examined: () => Promise<Examined>;
};

export type Examined = { readonly facts: PipelineFacts; readonly troubles: readonly Trouble[] };

/** One question about a pipeline. What it throws becomes a failed finding. */
export type Check = {
  readonly name: string;
  readonly look: (patient: Patient) => Promise<Finding>;
};

export function ok(found: string): Finding {
  return { status: 'ok', found, remedy: null };
}

export function warning(found: string, remedy: string): Finding {
  return { status: 'warning', found, remedy };
}

export function failed(found: string, remedy: string): Finding {
  return { status: 'failed', found, remedy };
}

export function skipped(found: string): Finding {
  return { status: 'skipped', found, remedy: null };
}

/** What the diagnosis says of these conditions; null: none of them is raised. */
export async function diagnosisOf(
  { examined }: Patient,
  ...conditions: readonly ConditionId[]
): Promise<Finding | null> {
  return checkOf((await examined()).troubles, ...conditions);
}
