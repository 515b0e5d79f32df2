import { toLsn } from '../../src/pgoutput/lsn.ts';
import { Admission } from '../../src/delivery/admission.ts';
import { type EndpointHealth, HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import type { Framing } from '../../src/formats/framing.ts';
import { batchId, Parcel, type ParcelEvents } from '../../src/delivery/parcel.ts';
import { ParcelDelivery, type Refusal } from '../../src/delivery/parcel-delivery.ts';
import { unlimited } from '../../src/delivery/rate-limit.ts';
import type { RetryPolicy } from '../../src/delivery/retry.ts';
import type { Outcome } from '../../src/delivery/sink.ts';
import { untraced } from '../../src/delivery/tracing.ts';
import { InstantClock } from './instant-clock.ts';

const utf8 = new TextEncoder();
const framing: Framing = {
  head: () => utf8.encode('['),
  separator: utf8.encode(','),
  tail: utf8.encode(']'),
};

/** Events 0 to `count` - 1, each written as its number. */
function parcelOf(count: number): Parcel {
  const texts = Array.from({ length: count }, (_, index) => String(index));
  const ends: number[] = [];
  for (const text of texts) ends.push((ends.at(-1) ?? 0) + 1 + text.length);
  const events: ParcelEvents = {
    eventCount: count,
    positionAt: (index) => ({ commitLsn: toLsn(0x100n), seq: index }),
    startAt: (index) => ends[index]! - texts[index]!.length,
    endAt: (index) => ends[index]!,
    schemaAt: () => 'public',
    tableAt: () => 't',
    operationAt: () => 'insert',
    framedAt: () => null,
  };
  const id = (index: number): string => parcel.idAt(index);
  const whole = {
    get id() {
      return batchId(id(0), id(count - 1));
    },
    contentType: 'application/json',
    body: utf8.encode(`[${texts.join(',')}]`),
    eventCount: count,
    headers: {},
  };
  const parcel = new Parcel(whole, events, framing);
  return parcel;
}

export type SentParcel = {
  /** Which events each request held. */
  readonly requests: readonly (readonly number[])[];
  /** In the order in which they were told. */
  readonly delivered: readonly number[];
  readonly setAside: ReadonlyMap<number, Refusal>;
  readonly heldBecause: string | null;
  readonly allSettled: boolean;
  readonly waits: readonly number[];
  /** Of the endpoint, afterwards. */
  readonly health: EndpointHealth;
};

/** Delivers `count` events to an endpoint that answers by what a request holds. */
export async function sendParcel(
  count: number,
  answer: (events: readonly number[], nth: number, idOf: (event: number) => string) => Outcome,
  retry: RetryPolicy = { attempts: 3, minDelayMs: 100, maxDelayMs: 10_000 },
  health: EndpointHealth = HEALTHY,
): Promise<SentParcel> {
  const parcel = parcelOf(count);
  const clock = new InstantClock();
  const stop = new AbortController();
  const requests: number[][] = [];
  const delivered: number[] = [];
  const setAside = new Map<number, Refusal>();
  let heldBecause: string | null = null;
  const onHold = (reason: string): void => {
    heldBecause ??= reason;
    stop.abort();
  };
  const admission = new Admission({
    health,
    breaker: { failures: 5, resetMs: 30_000 },
    retry,
    limit: unlimited(clock),
    clock,
    stop: stop.signal,
    onHold,
  });
  const delivery = new ParcelDelivery({
    sink: {
      send({ body, eventCount }) {
        const events = JSON.parse(new TextDecoder().decode(body)) as number[];
        if (events.length !== eventCount) throw new Error(`${eventCount} are not ${events.length}`);
        requests.push(events);
        return Promise.resolve(answer(events, requests.length, (event) => parcel.idAt(event)));
      },
      close: () => Promise.resolve(),
    },
    admission,
    retry,
    clock,
    stop: stop.signal,
    abort: new AbortController().signal,
    setAside(_parcel, index, refusal) {
      setAside.set(index, refusal);
      return Promise.resolve();
    },
    onHold,
    onGone: onHold,
    startAttempt: () => untraced('attempt', {}),
    onAttempt: () => undefined,
    onBoundary: () => undefined,
  });
  const settledAside: number[] = [];
  const allSettled = await delivery.deliver(parcel, parcel.indexes, (indexes, how) => {
    (how === 'delivered' ? delivered : settledAside).push(...indexes);
  });
  if (settledAside.join() !== [...setAside.keys()].join()) {
    throw new Error('settled as set aside, and not stored so');
  }
  const { health: healthAfter } = admission;
  const waits = clock.sleeps;
  return { requests, delivered, setAside, heldBecause, allSettled, waits, health: healthAfter };
}
