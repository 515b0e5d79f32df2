import { type Finding, raised } from './condition.ts';

/**
 * Above the threshold it is raised, below four fifths of it it is over: an amount that swings around
 * the threshold is one incident, not many.
 */
export function overThreshold(
  amount: number,
  threshold: number,
  found: Parameters<typeof raised>[0],
): Finding {
  const { subject, detail } = found;
  if (amount > threshold) return raised(found);
  return amount > threshold * 0.8
    ? { subject, kind: 'unsure' }
    : { subject, kind: 'clear', detail };
}
