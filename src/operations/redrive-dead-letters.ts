import type { Answer, Outcome, Turn } from '../delivery/sink.ts';
import type { EndpointSetup, SourceAbout } from '../drain/ports.ts';
import type { DeadLetterKey, StoredDeadLetter } from '../drain/state-store.ts';
import type { PipelineAccess } from './pipeline.ts';
import { readAbout, singleDelivery, type SingleEvent } from './single-delivery.ts';

/**
 * What became of one dead letter.
 * - delivered: confirmed, and gone from the dead letters
 * - refused: sent, and refused again; it stays, with one attempt more
 * - unavailable: sent, but the endpoint took nothing; it stays, with one attempt more
 * - unsendable: its content was not kept, or is not what its endpoint would have got
 * - taken: another redrive has it, or it is gone
 * - left: not tried
 */
export type Redriven = {
  readonly id: bigint;
  readonly endpoint: string;
  readonly outcome: 'delivered' | 'refused' | 'unavailable' | 'unsendable' | 'taken' | 'left';
  /** Why it was not delivered. */
  readonly detail: string | null;
  readonly answer: Answer | null;
};

export type RedriveTools = {
  /** Connections of one's own, for as long as `use` runs. */
  readonly withPipeline: <T>(use: (access: PipelineAccess) => Promise<T>) => Promise<T>;
  readonly endpoints: readonly EndpointSetup[];
  /** Aborts to end after what is being sent. */
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  /**
   * Also those whose filter or transform failed, as they were before it. Else they stay: a transform
   * may be there to take out what the endpoint must not see.
   */
  readonly asIs?: boolean;
};

/** Each works over a connection of its own: a row stays locked until its endpoint has answered. */
const ENDPOINTS_AT_ONCE = 4;

/**
 * Sends dead letters again: each alone and under its own id, those of an endpoint one after the other,
 * as chooseDeadLetters orders them. A row goes only once its endpoint has confirmed. Where an endpoint
 * is unavailable, the rest of its letters is left; one that is gone is paused. Throws WalhookError.
 */
export async function redriveDeadLetters(
  tools: RedriveTools,
  letters: readonly DeadLetterKey[],
  tell: (redriven: Redriven) => void,
): Promise<void> {
  const { pauses, about } = await tools.withPipeline(async (access) => ({
    pauses: await readPauses(access),
    about: await readAbout(access),
  }));
  const queue = byEndpoint(letters);
  const failures: unknown[] = [];
  const isOver = (): boolean => tools.signal.aborted || failures.length > 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [endpoint, keys] = next;
      const setup = tools.endpoints.find(({ options }) => options.name === endpoint);
      const pause = pauses.get(endpoint);
      if (setup === undefined) leave(keys, 'the endpoint is not configured any more', tell);
      else if (pause !== undefined) leave(keys, `the endpoint is paused: ${pause}`, tell);
      else await redriveInOrder({ ...tools, isOver }, setup, about, keys, tell);
    }
  };
  const workers = Math.min(ENDPOINTS_AT_ONCE, queue.length);
  // Whatever fails, the letters that are under way are waited for.
  await Promise.all(
    Array.from({ length: workers }, () => work().catch((error: unknown) => failures.push(error))),
  );
  if (failures.length > 0) throw failures[0];
}

async function readPauses({
  pipeline,
  state,
}: PipelineAccess): Promise<ReadonlyMap<string, string>> {
  const records = await state.loadEndpoints(pipeline.name);
  return new Map(
    records.flatMap(({ endpoint, pause }) => (pause === null ? [] : [[endpoint, pause.reason]])),
  );
}

function byEndpoint(letters: readonly DeadLetterKey[]): [string, DeadLetterKey[]][] {
  const groups = new Map<string, DeadLetterKey[]>();
  for (const letter of letters) {
    const group = groups.get(letter.endpoint);
    if (group === undefined) groups.set(letter.endpoint, [letter]);
    else group.push(letter);
  }
  return [...groups];
}

function leave(
  letters: readonly DeadLetterKey[],
  detail: string,
  tell: (redriven: Redriven) => void,
): void {
  for (const { id, endpoint } of letters) {
    tell({ id, endpoint, outcome: 'left', detail, answer: null });
  }
}

async function redriveInOrder(
  {
    withPipeline,
    signal,
    warn,
    asIs = false,
    isOver,
  }: RedriveTools & { readonly isOver: () => boolean },
  setup: EndpointSetup,
  about: SourceAbout,
  letters: readonly DeadLetterKey[],
  tell: (redriven: Redriven) => void,
): Promise<void> {
  const limit = await setup.createLimit(warn);
  const sink = setup.createSink(about);
  const send = async (letter: StoredDeadLetter): Promise<Outcome> => {
    const delivery = singleDelivery(setup, about, eventIn(letter));
    const never = new AbortController().signal;
    const turn: Turn = () => limit.acquire(1, signal);
    const outcome = await sink.send(delivery, never, undefined, turn);
    if (outcome.kind === 'delivered' && outcome.pauseMs !== null) limit.pause(outcome.pauseMs);
    return outcome;
  };
  try {
    await withPipeline(async (access) => {
      for (const [index, letter] of letters.entries()) {
        // Before the row is locked: others need not wait for it as long as this endpoint does.
        if (isOver() || !(await limit.acquire(1, signal))) {
          return leave(letters.slice(index), 'it was stopped before', tell);
        }
        const redriven = unsendable(letter, asIs) ?? (await redriveOne(access, letter, send));
        tell(redriven);
        if (redriven.outcome === 'unavailable') {
          return leave(letters.slice(index + 1), 'the endpoint is unavailable', tell);
        }
      }
    });
  } finally {
    await limit.close();
    await sink.close();
  }
}

function eventIn({ eventId, body, contentType, headers }: StoredDeadLetter): SingleEvent {
  return { eventId, text: body ?? '', contentType: contentType ?? 'application/json', headers };
}

function unsendable(
  { id, endpoint, hasBody, wasSent }: DeadLetterKey,
  asIs: boolean,
): Redriven | null {
  if (hasBody && (wasSent || asIs)) return null;
  const detail = hasBody
    ? 'it was never sent, and is kept as it was before its filter and transform; --as-is sends that'
    : 'its content was not kept';
  return { id, endpoint, outcome: 'unsendable', detail, answer: null };
}

async function redriveOne(
  { pipeline, state }: PipelineAccess,
  { id, endpoint }: DeadLetterKey,
  send: (letter: StoredDeadLetter) => Promise<Outcome>,
): Promise<Redriven> {
  const letter = { id, endpoint, detail: null, answer: null };
  const attempts: Outcome[] = [];
  const outcome = await state.redriveDeadLetter(pipeline.name, id, async (stored) => {
    const attempt = await send(stored);
    attempts.push(attempt);
    if (attempt.kind === 'delivered') return { kind: 'delivered' };
    return { kind: 'failed', detail: attempt.reason, answer: attempt.answer };
  });
  if (outcome === null) {
    return { ...letter, outcome: 'taken', detail: 'another redrive has it, or it is gone' };
  }
  if (outcome.kind === 'delivered') return { ...letter, outcome: 'delivered' };
  const { detail, answer } = outcome;
  if (attempts.some(({ kind }) => kind === 'gone')) {
    // As in a drain: it asks never to be called again. The row is unlocked by now.
    await state.pauseEndpoint(pipeline.name, endpoint, {
      reason: `gone: ${detail}`,
      parks: false,
    });
  }
  const isUnavailable = attempts.some(({ kind }) => UNAVAILABLE.has(kind));
  return { ...letter, outcome: isUnavailable ? 'unavailable' : 'refused', detail, answer };
}

/** About the endpoint, not about the event: the next one would fare no better. */
const UNAVAILABLE: ReadonlySet<Outcome['kind']> = new Set(['unavailable', 'misconfigured', 'gone']);
