import type { ChangeEvent } from '../changes/change-event.ts';
import type { EventFormat } from '../formats/event-format.ts';
import { minLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { EndpointDispatch } from './endpoint-dispatch.ts';
import { EventText } from './event-text.ts';

export type DispatchTarget = {
  readonly endpoint: EndpointDispatch;
  readonly format: EventFormat;
};

/** Events to every endpoint; each format writes an event once, however many endpoints share it. */
export class Dispatcher {
  readonly endpoints: readonly EndpointDispatch[];
  readonly #groups: readonly { text: EventText; endpoints: EndpointDispatch[] }[];
  #waiting: (() => void)[] = [];

  constructor(targets: readonly DispatchTarget[]) {
    const groups = new Map<EventFormat, EndpointDispatch[]>();
    for (const { endpoint, format } of targets) {
      groups.set(format, [...(groups.get(format) ?? []), endpoint]);
    }
    this.endpoints = targets.map(({ endpoint }) => endpoint);
    this.#groups = [...groups].map(([format, endpoints]) => ({
      text: new EventText(format),
      endpoints,
    }));
  }

  /** Whether anybody took the event: it is new, and not everybody is on hold. */
  offer(event: ChangeEvent): boolean {
    let taken = false;
    for (const { text, endpoints } of this.#groups) {
      if (event.op !== 'oversized') text.of(event);
      for (const endpoint of endpoints) {
        if (!endpoint.takes(event)) continue;
        taken = true;
        if (event.op === 'oversized') endpoint.deadLetter(event, event.sizeBytes, 'in the WAL');
        else endpoint.put(event, text);
      }
    }
    return taken;
  }

  /** Every transaction that commits before `lsn` has been offered. */
  offeredThrough(lsn: Lsn): void {
    for (const endpoint of this.endpoints) endpoint.offeredThrough(lsn);
  }

  /** Asked after every row: a plain loop. */
  get isFull(): boolean {
    for (const endpoint of this.endpoints) if (endpoint.isFull) return true;
    return false;
  }

  /** Nothing is left to send to anybody who still takes something. */
  get isQuiet(): boolean {
    return this.endpoints.every(
      (endpoint) => endpoint.heldBecause !== null || !endpoint.hasUnsettled,
    );
  }

  /** Nobody takes anything any more, or storing failed: reading on would be for nothing. */
  get isOver(): boolean {
    return (
      this.failure !== null || this.endpoints.every((endpoint) => endpoint.heldBecause !== null)
    );
  }

  get failure(): { readonly error: unknown } | null {
    return this.endpoints.find((endpoint) => endpoint.failure !== null)?.failure ?? null;
  }

  get slotMayAdvanceTo(): Lsn {
    return this.endpoints.map((endpoint) => endpoint.slotMayAdvanceTo).reduce(minLsn);
  }

  /** Wakes whoever waits in `change`. */
  readonly notify = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  };

  /** Resolves at the next settlement, hold or failure. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  flush(): void {
    for (const endpoint of this.endpoints) endpoint.flush();
  }

  stopSending(): void {
    for (const endpoint of this.endpoints) endpoint.stopSending();
  }

  abortAttempts(): void {
    for (const endpoint of this.endpoints) endpoint.abortAttempts();
  }

  async idle(): Promise<void> {
    await Promise.all(this.endpoints.map((endpoint) => endpoint.idle()));
  }
}
