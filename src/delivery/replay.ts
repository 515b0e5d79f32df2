import { eventId, type Position } from '../changes/position.ts';
import type { Framing } from '../formats/framing.ts';
import { Parcel, type ParcelEvents } from './parcel.ts';
import type { ParkedBatch, StoredParkedBatch } from './parked-batch.ts';
import type { OnSettled } from './parcel-delivery.ts';
import type { Replayed } from './replayed.ts';
import type { Sender } from './sender.ts';

export type ReplayOptions = {
  readonly framing: Framing;
  readonly sender: Sender;
  /** How lanes are numbered now. */
  readonly numbering: string;
  readonly replayed: Replayed;
  /** Aborts when nothing more is sent in this drain. */
  readonly stop: AbortSignal;
  /** The next batches behind that id, in order; none: all have been loaded. */
  readonly load: (afterId: bigint) => Promise<readonly StoredParkedBatch[]>;
  /** Events that are dead letters already: a process died before it forgot the batch. */
  readonly setAside: () => Promise<readonly Position[]>;
  readonly onSettled: (parcel: Parcel, ...settled: Parameters<OnSettled>) => void;
  /** No batch is on its way into the tables. */
  readonly isStored: () => boolean;
  readonly onSent: (events: number, bytes: number) => void;
  readonly onFailure: (error: unknown) => void;
  readonly onChange: () => void;
  /** Resolves at the next change of anything that `sender.isFull` looks at. */
  readonly change: () => Promise<void>;
};

/**
 * Sends what is parked, first parked first, through the endpoint's lanes. Once the last of it stands
 * in a lane, `isThrough`: whatever is sent from then on stands behind it.
 */
export class Replay {
  readonly #options: ReplayOptions;
  #lastId = 0n;
  #through = false;
  #running: Promise<void> | null = null;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Begins, or goes on where more has been parked since. */
  start(): void {
    if (!this.#through) this.#running ??= this.#run();
  }

  /** Something was parked behind what has been loaded. */
  more(): void {
    this.#through = false;
  }

  get isThrough(): boolean {
    return this.#through;
  }

  get isIdle(): boolean {
    return this.#running === null;
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { stop, load, setAside, onFailure, onChange } = this.#options;
    try {
      const aside = new Set((await setAside()).map(eventId));
      while (!stop.aborted) {
        const batches = await load(this.#lastId);
        if (batches.length === 0) break;
        for (const batch of batches) await this.#send(batch, aside);
      }
      this.#through = !stop.aborted && this.#options.isStored();
    } catch (error) {
      onFailure(error);
    } finally {
      this.#running = null;
      onChange();
    }
  }

  async #send(batch: StoredParkedBatch, aside: ReadonlySet<string>): Promise<void> {
    const { sender, framing, stop, change, replayed, onSettled, onSent } = this.#options;
    while (sender.isFull && !stop.aborted) await change();
    if (stop.aborted) return;
    this.#lastId = batch.id;
    const { id, events, body, settled } = batch;
    const isSent = (): void => {
      replayed.sent(id);
      onSent(events.length, body.length);
    };
    if (replayed.isSent(id)) return isSent();
    replayed.loaded(id, settled);
    const left = indexesOf(batch).filter(
      (index) => !replayed.isSettled(id, index) && !aside.has(eventId(events[index]!.position)),
    );
    if (left.length === 0) return isSent();
    const parcel = parcelOf(batch, framing);
    sender.send({
      parcel,
      indexes: left,
      lanes: this.#lanesOf(batch),
      onSettled(indexes, how) {
        replayed.settle(id, indexes);
        onSettled(parcel, indexes, how);
      },
      onDone: (all) => {
        if (all) isSent();
      },
    });
  }

  /** Where lanes were others, it passes all of them: what shares a row with it may stand in any. */
  #lanesOf({ lanes: parked }: StoredParkedBatch): readonly number[] {
    const { numbering, sender } = this.#options;
    if (parked.numbering === numbering) return parked.lanes;
    return Array.from({ length: sender.laneCount }, (_, lane) => lane);
  }
}

function indexesOf({ events }: ParkedBatch): number[] {
  return events.map((_event, index) => index);
}

function parcelOf(batch: ParkedBatch, framing: Framing): Parcel {
  const { events, batchId: id, contentType, headers, body } = batch;
  const at: ParcelEvents = {
    eventCount: events.length,
    positionAt: (index) => events[index]!.position,
    startAt: (index) => events[index]!.start,
    endAt: (index) => events[index]!.end,
    schemaAt: (index) => events[index]!.schema,
    tableAt: (index) => events[index]!.table,
    operationAt: (index) => events[index]!.operation,
    framedAt: () => null,
  };
  return new Parcel({ id, contentType, headers, body, eventCount: events.length }, at, framing);
}
