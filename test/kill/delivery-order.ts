import type { Ordering } from '../../src/delivery/lane-assignment.ts';
import type { WalhookEvent } from './received-event.ts';
import { keyOf, rowText } from './replica.ts';
import { KEYS } from './workload.ts';

/** Whether first deliveries keep the order that an endpoint was promised. */
export class DeliveryOrder {
  readonly #ordering: Ordering;
  /** The last id by what it was about: everything, a table, a row, a table's truncates, messages. */
  readonly #last = new Map<string, string>();

  constructor(ordering: Ordering) {
    this.#ordering = ordering;
  }

  /** What is wrong with this event coming now; null if nothing is. */
  meet(event: WalhookEvent): string | null {
    const { id, op, table } = event;
    const overtaken = this.#mayNotOvertake(event)
      .map((scope) => this.#last.get(scope) ?? '')
      .find((other) => other > id);
    for (const scope of ['everything', `table ${table}`, `${op} ${table}`, ...rowsOf(event)]) {
      if (id > (this.#last.get(scope) ?? '')) this.#last.set(scope, id);
    }
    return overtaken === undefined ? null : `${id} (${op} of ${table}) came after ${overtaken}`;
  }

  #mayNotOvertake(event: WalhookEvent): readonly string[] {
    if (this.#ordering === 'none') return [];
    if (this.#ordering === 'strict' || event.op === 'message') return ['everything'];
    const barriers = [`truncate ${event.table}`, 'message null'];
    return event.op === 'truncate' ? [`table ${event.table}`] : [...barriers, ...rowsOf(event)];
  }
}

/** The rows that an event touches; without a key, all of a table are one. */
function rowsOf({ op, table, key, before }: WalhookEvent): string[] {
  if (table === null || op === 'truncate') return [];
  if (KEYS[table] === null) return [`row ${table}`];
  const rows = [`row ${table} ${rowText(key!)}`];
  if (op === 'update' && before !== null)
    rows.push(`row ${table} ${rowText(keyOf(table, before))}`);
  return rows;
}
