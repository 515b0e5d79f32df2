import {
  type ChangeEvent,
  type EmittedMessage,
  type OversizedChange,
  positionOf,
  type RowChange,
  type TableTruncation,
} from '../changes/change-event.ts';
import { eventId } from '../changes/position.ts';
import { formatLsn, formatLsnHalves } from '../pgoutput/lsn.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import { base64 } from './base64-text.ts';
import { lazyRow } from './lazy-row.ts';
import type { Row, RowReader, RowReaders } from './row-reader.ts';
import { beforeSide, keySide, knownAfterSide, type RowSide, unchangedColumns } from './row-side.ts';

/**
 * The walhook event as a filter sees it. A value is read when it is asked for, so that a filter costs
 * what it looks at; nothing of it may be kept beyond the call.
 */
export interface FilterEvent {
  readonly id: string;
  readonly op: 'insert' | 'update' | 'delete' | 'truncate' | 'message';
  /** null for a logical message, as are table, key, before and after. */
  readonly schema: string | null;
  readonly table: string | null;
  readonly key: Readonly<Row> | null;
  readonly before: Readonly<Row> | null;
  /** With what an update left alone and the server did not send, where the old row holds it. */
  readonly after: Readonly<Row> | null;
  /** Columns that an update left alone and the server did not send. */
  readonly unchanged: readonly string[];
  readonly xid: number | null;
  readonly lsn: string;
  readonly commit_lsn: string;
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly committed_at: string | null;
  /** Of a truncate. */
  readonly cascade?: boolean;
  readonly restart_identity?: boolean;
  /** Of a message; its content is base64. */
  readonly prefix?: string;
  readonly content?: string;
  readonly transactional?: boolean;
}

type ReadableEvent = Exclude<ChangeEvent, OversizedChange>;

export function filterEvent(event: ReadableEvent, readers: RowReaders): FilterEvent {
  switch (event.op) {
    case 'truncate':
      return new TruncationView(event);
    case 'message':
      return new MessageView(event);
    default:
      return new RowChangeView(event, readers.of(event.relation));
  }
}

/** What every event has; the rest is that of an event without a row. */
class EventView {
  readonly #event: ReadableEvent;

  constructor(event: ReadableEvent) {
    this.#event = event;
  }

  get id(): string {
    return eventId(positionOf(this.#event));
  }
  get op(): FilterEvent['op'] {
    return this.#event.op;
  }
  get schema(): string | null {
    return this.#event.op === 'message' ? null : this.#event.relation.schema;
  }
  get table(): string | null {
    return this.#event.op === 'message' ? null : this.#event.relation.table;
  }
  get key(): Readonly<Row> | null {
    return null;
  }
  get before(): Readonly<Row> | null {
    return null;
  }
  get after(): Readonly<Row> | null {
    return null;
  }
  get unchanged(): readonly string[] {
    return [];
  }
  get xid(): number | null {
    return this.#event.transaction.xid;
  }
  get lsn(): string {
    return formatLsnHalves(this.#event.lsnHigh, this.#event.lsnLow);
  }
  get commit_lsn(): string {
    return formatLsn(this.#event.transaction.commitLsn);
  }
  get seq(): number {
    return this.#event.seq;
  }
  get committed_at(): string | null {
    const { committedAt } = this.#event.transaction;
    return committedAt === null ? null : postgresTimestamp(committedAt);
  }
}

class RowChangeView extends EventView implements FilterEvent {
  readonly #change: RowChange;
  readonly #reader: RowReader;
  #key: Readonly<Row> | null | undefined;
  #before: Readonly<Row> | null | undefined;
  #after: Readonly<Row> | null | undefined;

  constructor(change: RowChange, reader: RowReader) {
    super(change);
    this.#change = change;
    this.#reader = reader;
  }

  override get key(): Readonly<Row> | null {
    return (this.#key ??= this.#row(keySide(this.#change)));
  }
  override get before(): Readonly<Row> | null {
    return (this.#before ??= this.#row(beforeSide(this.#change)));
  }
  override get after(): Readonly<Row> | null {
    return (this.#after ??= this.#row(knownAfterSide(this.#change)));
  }
  override get unchanged(): readonly string[] {
    return unchangedColumns(this.#change);
  }

  #row(side: RowSide | null): Readonly<Row> | null {
    return side === null ? null : lazyRow(this.#reader, side);
  }
}

class TruncationView extends EventView implements FilterEvent {
  readonly cascade: boolean;
  readonly restart_identity: boolean;

  constructor(truncation: TableTruncation) {
    super(truncation);
    this.cascade = truncation.cascade;
    this.restart_identity = truncation.restartIdentity;
  }
}

class MessageView extends EventView implements FilterEvent {
  readonly prefix: string;
  readonly transactional: boolean;
  readonly #content: Uint8Array;

  constructor(message: EmittedMessage) {
    super(message);
    this.prefix = message.prefix;
    this.transactional = message.transactional;
    this.#content = message.content;
  }

  get content(): string {
    return base64(this.#content);
  }
}
