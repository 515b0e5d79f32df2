import type { DrainStep } from '../../src/drain/ports.ts';
import type { Random } from './random.ts';

/** How a drainer comes to its end. */
export type Plan =
  | { readonly kind: 'die at step'; readonly step: DrainStep; readonly nth: number }
  | { readonly kind: 'die at request'; readonly when: 'before' | 'after'; readonly nth: number }
  | { readonly kind: 'stop at request'; readonly nth: number }
  | { readonly kind: 'deadline'; readonly ms: number }
  | { readonly kind: 'limit'; readonly changes: number }
  | { readonly kind: 'unhindered' };

export const STEPS: readonly DrainStep[] = [
  'lease-acquired',
  'window-read',
  'before-send',
  'after-send',
  'before-checkpoint',
  'after-checkpoint',
  'before-advance',
  'after-advance',
  'before-release',
  'after-release',
];

/** These come up more than once in any drain of some length. */
const REPEATED = new Set<DrainStep>(['window-read', 'before-send', 'after-send']);

/** Met only where something is refused or parked. */
export const STORING_STEPS: readonly DrainStep[] = [
  'before-park',
  'after-park',
  'before-set-aside',
  'after-set-aside',
];

/** The first of a run goes through all steps as seeds go on; the others are as it happens. */
export function firstPlan(seed: number, random: Random, steps = STEPS): Plan {
  const step = steps[seed % steps.length]!;
  return { kind: 'die at step', step, nth: REPEATED.has(step) ? 1 + random.below(3) : 1 };
}

export function anyPlan(random: Random, steps = STEPS): Plan {
  switch (random.below(8)) {
    case 0:
    case 1:
      return { kind: 'die at step', step: random.pick(steps), nth: 1 + random.below(8) };
    case 2:
    case 3:
      return {
        kind: 'die at request',
        when: random.pick(['before', 'after']),
        nth: 1 + random.below(12),
      };
    case 4:
      return { kind: 'stop at request', nth: 1 + random.below(8) };
    case 5:
      return { kind: 'deadline', ms: 50 + random.below(400) };
    case 6:
      return { kind: 'limit', changes: 1 + random.below(60) };
    default:
      return { kind: 'unhindered' };
  }
}
