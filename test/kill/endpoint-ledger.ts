import type { Ordering } from '../../src/delivery/lane-assignment.ts';
import { DeliveryOrder } from './delivery-order.ts';
import type { ReceivedText, WalhookEvent } from './received-event.ts';
import { Replica } from './replica.ts';
import { NOTHING_SETTLED, type Settled } from './settled.ts';

/** Everything that one endpoint was sent, over any number of drainers, and what was wrong with it. */
export class EndpointLedger {
  readonly violations: string[] = [];
  /** Ids that the endpoint confirmed, by the drainer that it told. */
  readonly confirmedTo: Set<string>[] = [];
  readonly confirmed = new Set<string>();
  readonly #texts: Map<string, string>;
  readonly #order: DeliveryOrder;
  readonly #first = new Map<string, WalhookEvent>();
  readonly #applied = new Replica();
  #settled: Settled = NOTHING_SETTLED;

  /** `texts`: by id, and the same for all endpoints that are sent the same format. */
  constructor(ordering: Ordering, texts: Map<string, string>) {
    this.#order = new DeliveryOrder(ordering);
    this.#texts = texts;
    this.#keepsOrder = ordering !== 'none';
  }

  readonly #keepsOrder: boolean;

  /** What the state tables held when a drainer started: none of it may come from that one. */
  drainerStarts(settled: Settled): void {
    this.#settled = settled;
    this.confirmedTo.push(new Set());
  }

  get received(): ReadonlySet<string> {
    return new Set(this.#first.keys());
  }

  /** `drainer` counts from 0; `confirms`: the answer will be a success. */
  receive(events: readonly ReceivedText[], drainer: number, confirms: boolean): void {
    for (const { text, event } of events) {
      const { id } = event;
      const known = this.#texts.get(id) ?? text;
      this.#texts.set(id, known);
      if (known !== text) this.violations.push(`${id} was first ${known} and then ${text}`);
      if (drainer === this.confirmedTo.length - 1 && this.#settled.has(id)) {
        this.violations.push(`${id} came again although it was recorded as settled`);
      }
      if (!this.#first.has(id)) {
        const problem = this.#order.meet(event);
        if (problem !== null) this.violations.push(problem);
        this.#first.set(id, event);
      }
      // One that refuses has not taken what it was sent.
      if (!confirms) continue;
      this.#applied.apply(event);
      this.confirmed.add(id);
      this.confirmedTo[drainer]!.add(id);
    }
  }

  /** What a receiver holds that goes by the ids; without any order it has to sort by them first. */
  replica(): Replica {
    if (this.#keepsOrder) return this.#applied;
    const sorted = [...this.#first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const replica = new Replica();
    for (const event of sorted) replica.apply(event);
    return replica;
  }
}
