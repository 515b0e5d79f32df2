import type { ConditionId } from '../conditions.ts';
import type { Trouble } from '../diagnose.ts';

/** Several troubles of one kind, as one line of a check list. */
export type CheckView = {
  readonly status: 'failed' | 'warning';
  readonly found: string;
  readonly remedy: string;
};

/** null where none of these is raised. */
export function checkOf(
  troubles: readonly Trouble[],
  ...conditions: readonly ConditionId[]
): CheckView | null {
  const those = troubles.filter(({ condition }) => conditions.includes(condition));
  const [worst] = those;
  if (worst === undefined) return null;
  return {
    status: those.some(({ severity }) => severity === 'error') ? 'failed' : 'warning',
    found: those.map(({ sentence }) => sentence).join(' '),
    remedy: worst.remedy,
  };
}
