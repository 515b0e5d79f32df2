import type { ChangeEvent } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import type { Clock } from '../clock/clock.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { EventFormat, WritableEvent } from '../formats/event-format.ts';
import { bytesOf, ownedEvent } from '../routing/owned-event.ts';
import type { Route } from '../routing/route.ts';
import type { Batcher } from './batcher.ts';
import { type DeadLetter, unsentEvent } from './dead-letter.ts';
import type { DispatchCounts } from './dispatch-counts.ts';
import { EventText } from './event-text.ts';
import { FilteredEvents } from './filtered-events.ts';
import type { LaneAssignment } from './lane-assignment.ts';
import type { Settlement, SettlementEntry } from './settlement.ts';
import type { Operation } from './tally.ts';
import { single } from './ticket.ts';
import { type Taken, type Transformed, TransformQueue } from './transform-queue.ts';

type Why = { readonly reason: string; readonly detail: string };
type KeptText = { readonly body: string; readonly contentType: string };

export type IntakeOptions = {
  readonly endpoint: string;
  readonly format: EventFormat;
  readonly route: Route;
  readonly assign: LaneAssignment;
  readonly maxEventBytes: number;
  readonly settlement: Settlement;
  readonly batcher: Batcher;
  readonly counts: DispatchCounts;
  readonly clock: Clock;
  /** A transform that takes longer has failed. */
  readonly transformTimeoutMs: number;
  /** Resolves once the dead letter is durable. */
  readonly setAside: (letter: DeadLetter) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly onChange: () => void;
};

/**
 * From an event to a batch: filter → transform → lane. What the endpoint does not want is settled at
 * once; what cannot be judged, changed or sent becomes a dead letter, and the rest goes on.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #ownText: EventText;
  readonly #filtered: FilteredEvents;
  readonly #transforms: TransformQueue;
  readonly #storing = new Set<Promise<void>>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#ownText = new EventText(options.format);
    this.#filtered = new FilteredEvents(options.settlement, options.counts);
    this.#transforms = new TransformQueue(
      (event, result) => this.#putTransformed(event, result),
      options.onChange,
    );
  }

  get isFull(): boolean {
    return this.#transforms.isFull;
  }

  get isIdle(): boolean {
    return this.#transforms.isIdle && this.#storing.size === 0;
  }

  /** Gives up the transforms that are under way. */
  abandon(): void {
    this.#transforms.abandon();
  }

  async idle(): Promise<void> {
    await this.#transforms.idle();
    await Promise.all(this.#storing);
  }

  /** All of the transaction whose events were taken last has been taken. */
  transactionEnded(): void {
    const { batcher } = this.#options;
    this.#transforms.mark(() => batcher.transactionEnded());
  }

  /** `isSettled`: it was sent before; it is put for where it stands, and is nobody's concern else. */
  take(event: ChangeEvent, text: EventText, isSettled: boolean): void {
    const { assign, route, settlement } = this.#options;
    if (!this.#wants(event, isSettled)) return;
    if (event.op === 'oversized') {
      const why = this.#tooLarge(event.sizeBytes, 'in the WAL');
      if (!isSettled) this.#setAside(event, why, null, null);
      return;
    }
    const lanes = assign(event);
    if (route.transform === null) {
      return this.#put(event, lanes, null, isSettled, event, text);
    }
    const entry = settlement.open(single(event));
    if (isSettled) settlement.settle(entry);
    // By the time a transform is through, the bytes the event was read from may be another row's.
    const original = ownedEvent(event);
    this.#transform({ original, bytes: bytesOf(original), lanes, entry, isSettled });
  }

  /** A filter that throws has not said no: the event is kept for a person to look at. */
  #wants(event: ChangeEvent, isSettled: boolean): boolean {
    const { format, route } = this.#options;
    if (format.skips === undefined && route.wants === null) return true;
    try {
      const skipped = event.op !== 'oversized' && format.skips?.(event) === true;
      if (!skipped && route.wants?.(event) !== false) return true;
      if (!isSettled) this.#filtered.add(operationOf(event));
    } catch (error) {
      const why = { reason: codeOf(error) ?? 'filter_failed', detail: messageOf(error) };
      const kept = event.op === 'oversized' ? null : this.#keep(event);
      if (!isSettled) this.#setAside(event, why, null, kept);
    }
    return false;
  }

  #transform(taken: Taken): void {
    try {
      const result = this.#options.route.transform!(taken.original);
      if (!(result instanceof Promise)) return this.#transforms.add(taken, transformed(result));
      this.#transforms.add(taken, this.#inTime(result).then(transformed, failed));
    } catch (error) {
      this.#transforms.add(taken, failed(error));
    }
  }

  /** One that never answers would keep everything behind it, and the drain, for good. */
  async #inTime<T>(result: Promise<T>): Promise<T> {
    const { clock, transformTimeoutMs } = this.#options;
    const answered = new AbortController();
    const late = clock.sleep(transformTimeoutMs, answered.signal).then((): never => {
      throw new Error(`no answer within ${transformTimeoutMs} ms`);
    });
    // Once it has answered, nobody listens to the other.
    late.catch(() => undefined);
    try {
      return await Promise.race([result, late]);
    } finally {
      answered.abort();
    }
  }

  #putTransformed(taken: Taken, result: Transformed): void {
    const { original, entry, isSettled } = taken;
    if (result.kind === 'event') {
      const text = this.#ownText.of(result.event);
      this.#put(original, taken.lanes, entry, isSettled, result.event, text);
    } else if (!isSettled && result.kind === 'dropped') {
      this.#options.counts.event(operationOf(original), 'filtered');
      this.#options.settlement.settle(entry!);
    } else if (!isSettled && result.kind === 'failed') {
      const { error } = result;
      const why = { reason: codeOf(error) ?? 'transform_failed', detail: messageOf(error) };
      this.#setAside(original, why, entry, this.#keep(original));
    }
  }

  #put(
    original: ChangeEvent,
    lanes: readonly number[],
    entry: SettlementEntry | null,
    isSettled: boolean,
    event: WritableEvent,
    text: EventText,
  ): void {
    const put = this.#options.batcher.put(event, text, lanes, entry, isSettled);
    if (put.kind === 'put' || isSettled) return;
    this.#setAside(original, this.#tooLarge(put.bytes, 'as JSON'), entry, null, event);
  }

  /** For an event that is not sent: settled once it is a dead letter. */
  #setAside(
    event: ChangeEvent,
    why: Why,
    ownEntry: SettlementEntry | null,
    kept: KeptText | null,
    /** As it was to be sent, where it is too large to be kept. */
    unkept: WritableEvent | null = null,
  ): void {
    const { endpoint, settlement, counts, setAside, onFailure, onChange } = this.#options;
    const entry = ownEntry ?? settlement.open(single(event));
    const operation = operationOf(event);
    const text = kept?.body ?? (unkept === null ? null : this.#keep(unkept).body);
    const bytes = text === null ? null : new TextEncoder().encode(text);
    const storing = setAside(unsentEvent(endpoint, event, why, kept, bytes))
      .then(() => {
        counts.event(operation, 'deadLettered');
        settlement.settle(entry);
      })
      .catch(onFailure)
      .finally(() => {
        this.#storing.delete(storing);
        onChange();
      });
    this.#storing.add(storing);
  }

  #keep(event: WritableEvent): KeptText {
    const { format } = this.#options;
    const out = new JsonWriter(256);
    format.write(event, out);
    return { body: out.text(), contentType: format.contentType };
  }

  #tooLarge(bytes: number, where: 'in the WAL' | 'as JSON'): Why {
    const bound = `${this.#options.maxEventBytes} (drain.maxEventBytes)`;
    return { reason: 'event_too_large', detail: `${bytes} bytes ${where}; the bound is ${bound}` };
  }
}

function transformed(event: WritableEvent | null): Transformed {
  return event === null ? { kind: 'dropped' } : { kind: 'event', event };
}

function failed(error: unknown): Transformed {
  return { kind: 'failed', error };
}

function operationOf(event: ChangeEvent): Operation {
  return event.op === 'oversized' ? event.originalOp : event.op;
}

function codeOf(error: unknown): string | null {
  return error instanceof WalhookError ? error.code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
