import { Assembler } from '../changes/assembler.ts';
import type { ChangeEvent, Transaction } from '../changes/change-event.ts';
import type { Position } from '../changes/position.ts';
import { RelationCache, type RelationCatalog } from '../changes/relation-cache.ts';
import { AlreadySettled } from '../delivery/already-settled.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { type Lsn, maxLsn } from '../pgoutput/lsn.ts';
import { PgoutputDecoder } from '../pgoutput/decoder.ts';
import { readMessageHead } from '../pgoutput/message-head.ts';
import { unreadableChange } from './unreadable-change.ts';
import type { MessageRows, WindowChunk } from './window.ts';

export type ConsumeOptions = {
  readonly dispatcher: Dispatcher;
  readonly catalog: RelationCatalog;
  readonly configuredKeys: ReadonlyMap<string, readonly string[]>;
  /** Whose changes are walhook's own; null where the state is kept elsewhere. */
  readonly stateSchema: string | null;
  /** Asked once an event made somebody full: resolves when there is room, false: stop reading. */
  readonly room: () => Promise<boolean>;
  /** Events to take at the most. */
  readonly maxEvents: number;
  readonly onNewEvent: () => void;
  /** Up to here events were counted by an earlier round, whoever gets them now. */
  readonly countedThrough: Position;
};

/** Bytes of a window → messages → transactions → events → the dispatcher. */
export class Consumer {
  readonly #options: ConsumeOptions;
  readonly #decoder = new PgoutputDecoder({ protocolVersion: 1 });
  readonly #relations: RelationCache;
  readonly #assembler: Assembler;
  #completeThrough: Lsn | null = null;
  #taken = 0;
  readonly #counted: AlreadySettled;
  #countedTransaction: Transaction | null = null;
  #countedSeq = 0;
  transactions = 0;
  events = 0;

  constructor(options: ConsumeOptions) {
    this.#options = options;
    this.#counted = new AlreadySettled(options.countedThrough, []);
    this.#relations = new RelationCache(options.catalog, options.configuredKeys);
    this.#assembler = new Assembler(this.#relations, {
      event: (event) => this.#offer(event),
      completeThrough: (lsn) => this.#complete(lsn),
    });
  }

  /** Everything that stands before this has been offered; null: nothing came since the window began. */
  get completeThrough(): Lsn | null {
    return this.#completeThrough;
  }

  get countedThrough(): Position {
    if (this.#countedTransaction === null) return this.#options.countedThrough;
    return { commitLsn: this.#countedTransaction.commitLsn, seq: this.#countedSeq };
  }

  get limitReached(): boolean {
    return this.#taken >= this.#options.maxEvents;
  }

  windowEnded(): void {
    this.#completeThrough = null;
  }

  /**
   * False where reading has to stop before the chunk's end. Throws UnreadableChange where a change of a
   * transaction cannot be taken in, and WalhookError.
   */
  async consume(chunk: WindowChunk): Promise<boolean> {
    const { dispatcher, room } = this.#options;
    const rows = chunk.open();
    while (rows.next()) {
      try {
        if (rows.cutFromBytes > 0) this.#acceptOversized(rows);
        else {
          const message = this.#decoder.decode(rows.bytes, rows.start, rows.end);
          if (message.kind === 'relation') await this.#relations.prepare(message);
          this.#assembler.accept(message, rows.lsnHigh, rows.lsnLow);
        }
      } catch (error) {
        throw unreadableChange(error, rows, this.#assembler, this.#relations);
      }
      if (this.limitReached) return false;
      if (dispatcher.isFull && !(await room())) return false;
    }
    chunk.release();
    return true;
  }

  #acceptOversized(rows: MessageRows): void {
    const head = readMessageHead(rows.bytes, rows.start, rows.end);
    this.#assembler.acceptOversized(head, rows.cutFromBytes, rows.lsnHigh, rows.lsnLow);
  }

  #offer(event: ChangeEvent): void {
    const { dispatcher, onNewEvent, stateSchema } = this.#options;
    const schema = event.op === 'message' ? null : event.relation?.schema;
    if (schema !== undefined && schema !== null && schema === stateSchema) return;
    if (!dispatcher.offer(event)) return;
    onNewEvent();
    if (this.#counted.check(event.transaction, event.seq) === 'before') return;
    if (event.transaction !== this.#countedTransaction) this.transactions += 1;
    this.#countedTransaction = event.transaction;
    this.#countedSeq = event.seq;
    this.events += 1;
    this.#taken += 1;
  }

  #complete(lsn: Lsn): void {
    this.#completeThrough =
      this.#completeThrough === null ? lsn : maxLsn(this.#completeThrough, lsn);
    this.#options.dispatcher.offeredThrough(lsn);
  }
}
