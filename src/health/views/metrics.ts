import type { ConditionStatus } from './status.ts';

export type ConditionSample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

/** How many things are wrong, by what they are; what is not wrong has no sample. */
export function conditionSamples(
  pipeline: string,
  conditions: readonly ConditionStatus[],
): ConditionSample[] {
  const counted = new Map<string, ConditionSample>();
  for (const { condition, severity, endpoint } of conditions) {
    const labels = { pipeline, condition, severity, endpoint: endpoint ?? '' };
    const key = JSON.stringify(labels);
    counted.set(key, { labels, value: (counted.get(key)?.value ?? 0) + 1 });
  }
  return [...counted.values()];
}
