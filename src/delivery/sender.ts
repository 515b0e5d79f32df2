import { Lanes } from './lanes.ts';
import type { Parcel } from './parcel.ts';
import type { OnSettled, ParcelDelivery } from './parcel-delivery.ts';

/** A parcel in a lane, and whom to tell of it. */
export type Outgoing = {
  readonly parcel: Parcel;
  /** Which of its events are sent. */
  readonly indexes: readonly number[];
  readonly lanes: readonly number[];
  readonly onSettled: OnSettled;
  /** `settled`: all of it is; its bytes are not read any more in any case. */
  readonly onDone: (settled: boolean) => void;
};

/** Parcels closed and not yet settled, a lane: enough to keep it busy, few enough to hold little. */
export const QUEUED_PER_LANE = 3;
const QUEUED_BYTES = 16 << 20;

/** Sends parcels through lanes. */
export class Sender {
  readonly #lanes: Lanes;
  readonly #delivery: ParcelDelivery;
  readonly #onFailure: (error: unknown) => void;
  readonly #onChange: () => void;
  #queued = 0;
  #queuedBytes = 0;

  constructor(
    laneCount: number,
    delivery: ParcelDelivery,
    onFailure: (error: unknown) => void,
    onChange: () => void,
  ) {
    this.#lanes = new Lanes(laneCount);
    this.#delivery = delivery;
    this.#onFailure = onFailure;
    this.#onChange = onChange;
  }

  send({ parcel, indexes, lanes, onSettled, onDone }: Outgoing): void {
    const bytes = parcel.whole.body.length;
    this.#queued += 1;
    this.#queuedBytes += bytes;
    void this.#lanes.add(lanes, async () => {
      try {
        onDone(await this.#delivery.deliver(parcel, indexes, onSettled));
      } catch (error) {
        this.#onFailure(error);
      } finally {
        this.#queued -= 1;
        this.#queuedBytes -= bytes;
        this.#onChange();
      }
    });
  }

  get laneCount(): number {
    return this.#lanes.count;
  }

  get isIdle(): boolean {
    return this.#queued === 0;
  }

  /** True while more parcels should wait. */
  get isFull(): boolean {
    return this.#queued >= this.#lanes.count * QUEUED_PER_LANE || this.#queuedBytes >= QUEUED_BYTES;
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }
}
