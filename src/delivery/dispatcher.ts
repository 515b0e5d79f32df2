import type { ChangeEvent } from '../changes/change-event.ts';
import type { Clock } from '../clock/clock.ts';
import type { EventFormat } from '../formats/event-format.ts';
import { minLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { Changes } from './changes.ts';
import type { EndpointDispatch } from './endpoint-dispatch.ts';
import { EventText } from './event-text.ts';
import { Patience } from './patience.ts';

export type DispatchTarget = {
  readonly endpoint: EndpointDispatch;
  readonly format: EventFormat;
};

/** Events to every endpoint; each format writes an event once, however many endpoints share it. */
export class Dispatcher {
  readonly endpoints: readonly EndpointDispatch[];
  readonly #groups: readonly { text: EventText; endpoints: EndpointDispatch[] }[];
  readonly #patience: Patience;
  readonly #changes: Changes;

  /** `changes`: what the endpoints of `targets` tell theirs to. */
  constructor(targets: readonly DispatchTarget[], clock: Clock, changes: Changes) {
    const groups = new Map<EventFormat, EndpointDispatch[]>();
    for (const { endpoint, format } of targets) {
      groups.set(format, [...(groups.get(format) ?? []), endpoint]);
    }
    this.endpoints = targets.map(({ endpoint }) => endpoint);
    this.#changes = changes;
    this.#patience = new Patience(this.endpoints, clock);
    this.#groups = [...groups].map(([format, endpoints]) => ({
      text: new EventText(format),
      endpoints,
    }));
  }

  /** Sends what is parked for whoever is back. */
  start(): void {
    for (const endpoint of this.endpoints) endpoint.outlet.start();
  }

  /** Whether the event is new to anybody who takes anything. */
  offer(event: ChangeEvent): boolean {
    let taken = false;
    for (const { text, endpoints } of this.#groups) {
      if (event.op !== 'oversized') text.of(event);
      for (const endpoint of endpoints) {
        if (endpoint.offer(event, text)) taken = true;
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

  /** Resolves when somebody who was full may have room, or need not be waited for any longer. */
  room(): Promise<void> {
    return this.#patience.wait(this.change());
  }

  /** Nothing is left to send to anybody who still takes something. */
  get isQuiet(): boolean {
    return this.endpoints.every(({ outlet, isLeftBehind, isIdle, hasUnsettled }) => {
      if (outlet.heldBecause !== null) return true;
      return isLeftBehind ? isIdle : !hasUnsettled;
    });
  }

  /** Nobody takes anything any more, or storing failed: reading on would be for nothing. */
  get isOver(): boolean {
    if (this.failure !== null) return true;
    return this.endpoints.every(({ takesNothing, isThrough }) => takesNothing || isThrough);
  }

  get failure(): { readonly error: unknown } | null {
    return this.endpoints.find(({ outlet }) => outlet.failure !== null)?.outlet.failure ?? null;
  }

  /** Of what stands before this, nobody who takes anything wants anything. */
  get settledBefore(): Lsn | null {
    const taking = this.endpoints.filter((endpoint) => !endpoint.takesNothing);
    if (taking.length === 0) return null;
    return taking.map(({ watermark }) => watermark.commitLsn).reduce(minLsn);
  }

  get slotMayAdvanceTo(): Lsn {
    return this.endpoints.map((endpoint) => endpoint.slotMayAdvanceTo).reduce(minLsn);
  }

  /** Resolves at the next settlement, hold or failure. */
  change(): Promise<void> {
    return this.#changes.next();
  }

  flush(): void {
    for (const endpoint of this.endpoints) endpoint.flush();
  }

  stopSending(): void {
    for (const { outlet } of this.endpoints) outlet.stopSending();
  }

  abortAttempts(): void {
    for (const endpoint of this.endpoints) endpoint.abort();
  }

  async idle(): Promise<void> {
    await Promise.all(this.endpoints.map((endpoint) => endpoint.idle()));
  }
}
