import type { ConditionId } from '../conditions.ts';
import type { Trouble } from '../diagnose.ts';
import type { EndpointFacts } from '../facts.ts';

export type ReadinessCheck = {
  /** database, slot, state, publication, drains, or endpoint: and its name. */
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | null;
};

export type Readiness = readonly ReadinessCheck[];

const SLOT: readonly ConditionId[] = [
  'slot_unreadable',
  'slot_near_loss',
  'slot_replaced',
  'cluster_changed',
];
const STATE: readonly ConditionId[] = ['state_not_ready'];
/** Named only where something is wrong with them. */
const OTHERS: Readonly<Record<string, readonly ConditionId[]>> = {
  publication: ['publication_missing', 'publication_replaced'],
  drains: ['run_failed'],
};

/** Whether a drain would get on, and the slot with it: what blocks is not ready. */
export function readinessChecks(
  troubles: readonly Trouble[],
  endpoints: readonly EndpointFacts[] | null,
): Readiness {
  const blocking = troubles.filter(({ blocks }) => blocks);
  const check = (name: string, conditions: readonly ConditionId[]): ReadinessCheck => {
    const found = blocking.find(({ condition }) => conditions.includes(condition));
    return { name, ok: found === undefined, reason: found?.sentence ?? null };
  };
  return [
    { name: 'database', ok: true, reason: null },
    check('slot', SLOT),
    check('state', STATE),
    ...Object.entries(OTHERS)
      .map(([name, conditions]) => check(name, conditions))
      .filter(({ ok }) => !ok),
    ...(endpoints ?? [])
      .filter(({ isConfigured }) => isConfigured)
      .map((endpoint) => endpointCheck(endpoint, blocking)),
  ];
}

function endpointCheck(endpoint: EndpointFacts, blocking: readonly Trouble[]): ReadinessCheck {
  const { name, state, reason, pause } = endpoint;
  const ok = !blocking.some((trouble) => trouble.endpoint === name);
  const why = pause === null ? reason : `paused: ${pause.reason}`;
  const isOff = pause !== null || state === 'held' || state === 'parking';
  return { name: `endpoint:${name}`, ok, reason: isOff ? (why ?? state) : null };
}
