import type { Clock } from '../clock/clock.ts';
import type { Admission } from './admission.ts';
import type { Parcel } from './parcel.ts';
import { BodySizes } from './body-sizes.ts';
import { endAttempt } from './attempt-span.ts';
import { afterFailure, retryDelayMs, type RetryPolicy } from './retry.ts';
import type { Answer, Delivery, Outcome, Sink } from './sink.ts';
import type { Span } from './tracing.ts';

/** Why an event is set aside. */
export type Refusal = {
  readonly reason: 'rejected' | 'too_large' | 'batch_item_failure';
  readonly detail: string;
  readonly answer: Answer | null;
  readonly attempts: number;
};

export type ParcelDeliveryOptions = {
  readonly sink: Sink;
  readonly admission: Admission;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  /** Aborts when no further attempt may begin. */
  readonly stop: AbortSignal;
  /** Aborts when the attempts under way are given up. */
  readonly abort: AbortSignal;
  /** Resolves once the event is durable as a dead letter. */
  readonly setAside: (parcel: Parcel, index: number, refusal: Refusal) => Promise<void>;
  readonly onHold: (reason: string) => void;
  /** The endpoint asks never to be called again. */
  readonly onGone: (reason: string) => void;
  readonly startAttempt: (delivery: Delivery, attempt: number) => Span;
  readonly onAttempt: (
    delivery: Delivery,
    outcome: Outcome,
    traceparent: string,
    ms: number,
  ) => void;
  readonly onBoundary: (boundary: 'before-send' | 'after-send') => void | Promise<void>;
};

/** Told of events, by their place in the parcel, as soon as they are somebody's. */
export type OnSettled = (indexes: readonly number[], how: 'delivered' | 'set-aside') => void;

type PartialOutcome = Extract<Outcome, { kind: 'partial' }>;

/** The endpoint has looked at the events. */
type Judged = PartialOutcome | Extract<Outcome, { kind: 'delivered' | 'rejected' | 'too_large' }>;

/** Some of a parcel's events, which are sent together. */
type Shipment = {
  readonly parcel: Parcel;
  readonly indexes: readonly number[];
  /** How often its first event was named as failed. */
  readonly failed: number;
  /** The last event of the parcel that an answer accepted, of those that were sent with these. */
  readonly lastAccepted: number;
};

/** refused: all of it is settled, and some as dead letters. */
type Progress = 'clean' | 'refused' | 'stopped';

/**
 * A parcel's life at one endpoint: attempts, and where events are refused, halves, down to the event
 * that is refused alone; where events are named as failed, those again, less the first of them once
 * its tries are used up. What was accepted on the way is settled at once and never sent again.
 */
export class ParcelDelivery {
  readonly #options: ParcelDeliveryOptions;
  readonly #sizes = new BodySizes();

  constructor(options: ParcelDeliveryOptions) {
    this.#options = options;
  }

  /** True once each of these events is settled; false where the endpoint is on hold or time is up. */
  async deliver(
    parcel: Parcel,
    indexes: readonly number[],
    onSettled: OnSettled,
  ): Promise<boolean> {
    const all = { parcel, indexes, failed: 0, lastAccepted: -1 };
    return (await this.#send(all, onSettled)) !== 'stopped';
  }

  async #send(shipment: Shipment, onSettled: OnSettled): Promise<Progress> {
    if (this.#isTooLarge(shipment)) return this.#sendHalves(shipment, false, onSettled);
    const outcome = await this.#attempt(shipment, 'abandoned');
    return outcome === null ? 'stopped' : this.#settle(shipment, outcome, onSettled);
  }

  #isTooLarge({ parcel, indexes }: Shipment): boolean {
    if (!this.#sizes.isLimited || indexes.length < 2) return false;
    return this.#sizes.isTooLarge(parcel.part(indexes).body.length);
  }

  async #settle(shipment: Shipment, outcome: Judged, onSettled: OnSettled): Promise<Progress> {
    const { indexes } = shipment;
    switch (outcome.kind) {
      case 'delivered':
        onSettled(indexes, 'delivered');
        return 'clean';
      case 'partial':
        return this.#sendFailed(shipment, outcome, onSettled);
      case 'rejected':
      case 'too_large': {
        if (indexes.length > 1) {
          return this.#sendHalves(shipment, outcome.kind === 'rejected', onSettled);
        }
        const { kind: reason, reason: detail, answer } = outcome;
        const refusal = { reason, detail, answer, attempts: 1 };
        await this.#setAside(shipment.parcel, indexes[0]!, refusal, onSettled);
        return 'refused';
      }
    }
  }

  /**
   * First half, then second: what is refused costs two requests a halving. `oneIsRefused`: if all of
   * the first half was accepted, the refused event is in the second, which need not be asked as a whole.
   */
  async #sendHalves(
    shipment: Shipment,
    oneIsRefused: boolean,
    onSettled: OnSettled,
  ): Promise<Progress> {
    const { indexes } = shipment;
    const middle = Math.ceil(indexes.length / 2);
    const second = { ...shipment, indexes: indexes.slice(middle) };
    const first = await this.#send({ ...shipment, indexes: indexes.slice(0, middle) }, onSettled);
    if (first === 'stopped') return 'stopped';
    const rest =
      oneIsRefused && first === 'clean' && second.indexes.length > 1
        ? await this.#sendHalves(second, true, onSettled)
        : await this.#send(second, onSettled);
    return first === 'refused' && rest === 'clean' ? first : rest;
  }

  /**
   * Those that failed are tried again alone. Once the tries are used up, the first of them is set
   * aside, and no other: those behind it may have failed only because they have to wait for it. They
   * are sent with tries of their own.
   */
  async #sendFailed(
    shipment: Shipment,
    outcome: PartialOutcome,
    onSettled: OnSettled,
  ): Promise<Progress> {
    const { retry, clock, stop } = this.#options;
    const { parcel, indexes } = shipment;
    const failedIds = new Set(outcome.failedIds);
    const [left, accepted] = partition(indexes, (index) => failedIds.has(parcel.idAt(index)));
    if (accepted.length > 0) onSettled(accepted, 'delivered');
    const lastAccepted = Math.max(shipment.lastAccepted, accepted.at(-1) ?? -1);
    const failed = shipment.failed + 1;
    if (failed < retry.attempts) {
      await clock.sleep(retryDelayMs(retry, failed, null), stop);
      return this.#send({ parcel, indexes: left, failed, lastAccepted }, onSettled);
    }
    const behind = { parcel, indexes: left.slice(1), failed: 0, lastAccepted };
    const setFirstAside = async (): Promise<void> => {
      const { reason: detail, answer } = outcome;
      const refusal = { reason: 'batch_item_failure', detail, answer, attempts: failed } as const;
      await this.#setAside(parcel, left[0]!, refusal, onSettled);
    };
    // With something accepted behind it, or nothing left to compare it with, it is the event.
    if (behind.indexes.length === 0 || left[0]! < lastAccepted) {
      await setFirstAside();
      if (behind.indexes.length === 0) return 'refused';
      return refusedUnlessStopped(await this.#send(behind, onSettled));
    }
    return this.#sendBehind(behind, parcel.idAt(left[0]!), setFirstAside, onSettled);
  }

  /**
   * That every event failed is what an outage behind the endpoint looks like, and also an event that
   * all others wait for. What comes without it tells: if of that too everything fails, nobody is set
   * aside, and the endpoint is unavailable; unless the same event was the first too often.
   */
  async #sendBehind(
    behind: Shipment,
    firstId: string,
    setFirstAside: () => Promise<void>,
    onSettled: OnSettled,
  ): Promise<Progress> {
    const { admission, onHold } = this.#options;
    const outcome = await this.#attempt(behind, 'failed');
    if (outcome === null) return 'stopped';
    if (hasFailedWhole(outcome, behind.indexes)) {
      if (admission.isStuckOn(firstId)) await setFirstAside();
      admission.exhausted();
      onHold(`unavailable: every event of a request failed (${outcome.reason})`);
      return 'stopped';
    }
    await setFirstAside();
    return refusedUnlessStopped(await this.#settle(behind, outcome, onSettled));
  }

  #noteSize({ body }: Delivery, outcome: Judged): void {
    if (outcome.kind === 'delivered' || outcome.kind === 'partial')
      this.#sizes.accepted(body.length);
    else if (outcome.kind === 'too_large') this.#sizes.refused(body.length);
  }

  async #setAside(
    parcel: Parcel,
    index: number,
    refusal: Refusal,
    onSettled: OnSettled,
  ): Promise<void> {
    await this.#options.setAside(parcel, index, refusal);
    onSettled([index], 'set-aside');
  }

  /**
   * Until the endpoint has judged the delivery; null where it did not, in this drain. `whereAllFail`:
   * what it says of the endpoint that every event failed.
   */
  async #attempt(
    { parcel, indexes }: Shipment,
    whereAllFail: 'abandoned' | 'failed',
  ): Promise<Judged | null> {
    const { admission, sink, abort, stop, retry, clock, onHold, onGone } = this.#options;
    const delivery = parcel.part(indexes);
    for (let attempt = 1; ; attempt++) {
      if (!(await admission.enter(delivery.eventCount))) return null;
      await this.#options.onBoundary('before-send');
      const span = this.#options.startAttempt(delivery, attempt);
      const { traceparent } = span;
      const startedAt = clock.now();
      const outcome = understood(
        parcel,
        indexes,
        await sink.send(delivery, abort, traceparent, admission.turn),
      );
      // The clock of a machine may be set back.
      const ms = Math.max(0, clock.now() - startedAt);
      endAttempt(span, outcome);
      await this.#options.onBoundary('after-send');
      this.#options.onAttempt(delivery, outcome, traceparent, ms);
      if (isJudged(outcome)) {
        this.#noteSize(delivery, outcome);
        const allFailed = hasFailedWhole(outcome, indexes);
        if (allFailed && whereAllFail === 'failed') admission.failed('unavailable', null);
        else if (allFailed || isUnsent(outcome)) admission.abandoned();
        else admission.succeeded(outcome.kind === 'delivered' ? outcome.pauseMs : null);
        return outcome;
      }
      if (abort.aborted || outcome.kind === 'gone') {
        admission.abandoned();
        if (outcome.kind === 'gone') onGone(outcome.reason);
        return null;
      }
      const { retryAfterMs } = outcome;
      admission.failed(outcome.kind, retryAfterMs);
      if (outcome.kind === 'unavailable' && outcome.perhapsTheEvent === true) {
        if (admission.isStuckOn(parcel.idAt(indexes[0]!))) return { ...outcome, kind: 'rejected' };
      }
      const next = admission.isOpen
        ? ({ kind: 'hold', because: 'the circuit breaker is open' } as const)
        : afterFailure(retry, attempt, retryAfterMs);
      if (next.kind === 'hold') {
        admission.exhausted();
        onHold(`${outcome.kind}: ${outcome.reason}; ${next.because}`);
        return null;
      }
      await clock.sleep(next.delayMs, stop);
    }
  }
}

function isJudged(outcome: Outcome): outcome is Judged {
  return (
    outcome.kind !== 'unavailable' && outcome.kind !== 'misconfigured' && outcome.kind !== 'gone'
  );
}

/** The sink refused it without asking the endpoint, of which that says nothing. */
function isUnsent(outcome: Judged): boolean {
  return outcome.kind !== 'delivered' && outcome.answer === null;
}

/** It names every event that was sent: see `understood`. */
function hasFailedWhole(outcome: Judged, indexes: readonly number[]): outcome is PartialOutcome {
  return outcome.kind === 'partial' && new Set(outcome.failedIds).size === indexes.length;
}

function refusedUnlessStopped(rest: Progress): Progress {
  return rest === 'stopped' ? rest : 'refused';
}

/**
 * An answer that names events it was not sent does not say which of them failed: then all did, as
 * where AWS meets an identifier it does not know.
 */
function understood(parcel: Parcel, indexes: readonly number[], outcome: Outcome): Outcome {
  if (outcome.kind !== 'partial') return outcome;
  const sent = new Set(indexes.map((index) => parcel.idAt(index)));
  const unknown = outcome.failedIds.find((id) => !sent.has(id));
  if (unknown === undefined) return outcome;
  const reason = `batchItemFailures names "${unknown.slice(0, 80)}", which was not in the batch`;
  return { kind: 'unavailable', reason, retryAfterMs: null, answer: outcome.answer };
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const matching = items.filter(test);
  return [matching, matching.length === items.length ? [] : items.filter((item) => !test(item))];
}
