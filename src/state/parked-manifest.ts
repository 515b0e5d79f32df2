import type { ParkedEvent } from '../delivery/parked-batch.ts';
import type { Operation } from '../delivery/tally.ts';
import { formatLsn, parseLsn } from '../pgoutput/lsn.ts';

/**
 * Which events a parked body holds, as JSON. Those of a batch share transactions, tables and
 * operations, so each of these is named once, and an event is six numbers.
 */
type Manifest = {
  /** Commit LSNs. */
  readonly transactions: readonly string[];
  /** Schema and name; both null for a logical message. */
  readonly tables: readonly (readonly [string | null, string | null])[];
  readonly operations: readonly Operation[];
  /** Transaction, sequence, start, length, table, operation; and again for the next event. */
  readonly events: readonly number[];
  /** Places of events that were settled before a drain ended in the middle of sending the batch. */
  readonly settled?: readonly number[];
};

const NUMBERS_PER_EVENT = 6;

export function writeManifest(events: readonly ParkedEvent[]): string {
  const transactions = new Map<string, number>();
  const tables = new Map<string, number>();
  const operations = new Map<Operation, number>();
  const numbers: number[] = [];
  for (const { position, start, end, schema, table, operation } of events) {
    numbers.push(
      indexIn(transactions, formatLsn(position.commitLsn)),
      position.seq,
      start,
      end - start,
      indexIn(tables, JSON.stringify([schema, table])),
      indexIn(operations, operation),
    );
  }
  const manifest: Manifest = {
    transactions: [...transactions.keys()],
    tables: [...tables.keys()].map((text) => JSON.parse(text) as Manifest['tables'][number]),
    operations: [...operations.keys()],
    events: numbers,
  };
  return JSON.stringify(manifest);
}

/** Throws what says why it is no manifest of a body of that many bytes. */
export function readManifest(text: string, bodyBytes = Infinity): ParkedEvent[] {
  const manifest = JSON.parse(text) as Manifest;
  assertNumbers(manifest.events);
  assertNumbers(manifest.settled ?? []);
  const transactions = manifest.transactions.map(parseLsn);
  const { tables, operations, events: numbers } = manifest;
  const events: ParkedEvent[] = [];
  if (numbers.length === 0 || numbers.length % NUMBERS_PER_EVENT !== 0) {
    throw new RangeError('events are cut off');
  }
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_EVENT) {
    const start = numbers[at + 2]!;
    const [schema, table] = tables[numbers[at + 4]!]!;
    if (start + numbers[at + 3]! > bodyBytes) throw new RangeError('an event is not in the body');
    if (transactions[numbers[at]!] === undefined || operations[numbers[at + 5]!] === undefined) {
      throw new RangeError('an event has no transaction or no operation');
    }
    events.push({
      position: { commitLsn: transactions[numbers[at]!]!, seq: numbers[at + 1]! },
      start,
      end: start + numbers[at + 3]!,
      schema,
      table,
      operation: operations[numbers[at + 5]!]!,
    });
  }
  return events;
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function assertNumbers(numbers: unknown): void {
  if (Array.isArray(numbers) && numbers.every(isWhole)) return;
  throw new TypeError('what should be a list of whole numbers is none');
}

function indexIn<T extends string>(numbering: Map<T, number>, text: T): number {
  const known = numbering.get(text);
  if (known !== undefined) return known;
  numbering.set(text, numbering.size);
  return numbering.size - 1;
}

export function readSettledPlaces(text: string): readonly number[] {
  return (JSON.parse(text) as Manifest).settled ?? [];
}
