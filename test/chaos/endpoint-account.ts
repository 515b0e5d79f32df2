import type { Ordering } from '../../src/delivery/lane-assignment.ts';
import { DeliveryOrder } from '../kill/delivery-order.ts';
import type { ReceivedText, WalhookEvent } from '../kill/received-event.ts';
import { Replica } from '../kill/replica.ts';
import type { Taken } from './faulty-receiver.ts';

export type Received = {
  readonly event: WalhookEvent;
  readonly text: string;
};

/** What all endpoints know together: one event is the same text everywhere. */
export type KnownEvents = Map<string, Received>;

type Drainer = {
  /** What it was told that the endpoint took. */
  readonly told: Set<string>;
  readonly met: Set<string>;
  /** In which it first sent events, and in which it was told of them. */
  readonly sent: DeliveryOrder;
  readonly confirmed: DeliveryOrder;
};

/** Everything that one endpoint was sent, over any number of drainers, and what was wrong with it. */
export class EndpointAccount {
  readonly violations: string[] = [];
  readonly received = new Set<string>();
  /** The endpoint has these, whether or not anybody was told. */
  readonly taken = new Set<string>();
  /** Ever; a redrive deletes the row. */
  readonly deadLettered = new Set<string>();
  readonly ordering: Ordering;
  readonly wants: (event: WalhookEvent) => boolean;
  readonly #known: KnownEvents;
  readonly #drainers: Drainer[] = [];
  readonly #firstSent: DeliveryOrder;
  readonly #applied = new Replica();
  /** By what failed alone: the last event of a request in which it did; those may be taken before it. */
  readonly #failedBeside = new Map<string, string>();
  #mayNotCome: (id: string) => boolean = () => false;

  constructor(ordering: Ordering, wants: (event: WalhookEvent) => boolean, known: KnownEvents) {
    this.ordering = ordering;
    this.wants = wants;
    this.#known = known;
    this.#firstSent = new DeliveryOrder(ordering);
  }

  /** `mayNotCome`: what the state tables say that is settled, and not only parked. */
  drainerStarts(mayNotCome: (id: string) => boolean): void {
    const { ordering } = this;
    this.#mayNotCome = mayNotCome;
    this.#drainers.push({
      told: new Set(),
      met: new Set(),
      sent: new DeliveryOrder(ordering),
      confirmed: new DeliveryOrder(ordering),
    });
  }

  /** A request, before its answer. `drainer` counts from 0. */
  receive(events: readonly ReceivedText[], drainer: number): void {
    for (const { text, event } of events) {
      const { id } = event;
      this.learn(event, text);
      if (!this.wants(event)) this.violations.push(`${id} is not wanted: ${text}`);
      if (!this.received.has(id)) this.#note(this.#firstSent.meet(event), 'sent, of all drainers,');
      this.received.add(id);
      this.#meet(event, drainer);
    }
  }

  /** The answer to a request that was received. */
  answered(
    events: readonly WalhookEvent[],
    drainer: number,
    taken: (event: WalhookEvent) => Taken,
    failedAlone: readonly WalhookEvent[],
  ): void {
    const last = events.at(-1)!.id;
    for (const { id } of failedAlone) {
      if (last > (this.#failedBeside.get(id) ?? '')) this.#failedBeside.set(id, last);
    }
    const { told, confirmed } = this.#drainers[drainer]!;
    for (const event of events) {
      const how = taken(event);
      if (how === 'no') continue;
      this.taken.add(event.id);
      this.#applied.apply(event);
      if (how === 'maybe') continue;
      told.add(event.id);
      const problem = confirmed.meet(event);
      if (!this.#failedBeside.has(event.id)) this.#note(problem, 'confirmed');
    }
  }

  learn(event: WalhookEvent, text: string): void {
    const known = this.#known.get(event.id);
    if (known === undefined) this.#known.set(event.id, { event, text });
    else if (known.text !== text) {
      this.violations.push(`${event.id} was first ${known.text} and then ${text}`);
    }
  }

  toldTo(drainer: number): ReadonlySet<string> {
    return this.#drainers[drainer]!.told;
  }

  /** Events that are neither taken nor dead letters, though a later one of theirs was taken. */
  overtaken(ids: Iterable<string>): string[] {
    const order = new DeliveryOrder(this.ordering);
    const wanted = [...ids].sort().flatMap((id) => {
      const event = this.#known.get(id)?.event;
      return event !== undefined && this.wants(event) ? [event] : [];
    });
    for (const event of wanted) if (this.taken.has(event.id)) order.meet(event);
    return wanted.flatMap((event) => {
      const { id } = event;
      if (this.taken.has(id) || this.deadLettered.has(id) || this.#failedBeside.has(id)) return [];
      const problem = order.meet(event);
      return problem === null ? [] : [`unsettled, though later ones were taken: ${problem}`];
    });
  }

  /** As it goes by the ids, in the order in which events came. */
  get replica(): Replica {
    return this.#applied;
  }

  get hasFailedAlone(): boolean {
    return this.#failedBeside.size > 0;
  }

  #meet(event: WalhookEvent, drainer: number): void {
    const { id } = event;
    const { told, met, sent } = this.#drainers[drainer]!;
    if (told.has(id)) this.violations.push(`${id} came again from the drainer that was told of it`);
    if (drainer === this.#drainers.length - 1 && this.#mayNotCome(id)) {
      this.violations.push(`${id} came although it was recorded as settled`);
    }
    if (met.has(id)) return;
    met.add(id);
    this.#note(sent.meet(event), 'sent');
  }

  #note(problem: string | null, how: string): void {
    if (problem !== null) this.violations.push(`${how} out of order: ${problem}`);
  }
}
