import { Assembler } from '../changes/assembler.ts';
import { type ChangeEvent, positionOf } from '../changes/change-event.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import { RelationCache, type RelationCatalog } from '../changes/relation-cache.ts';
import { StoredCatalogMemory } from '../drain/catalog-memory.ts';
import { findUnreadable } from '../drain/find-unreadable.ts';
import type { StateStore } from '../drain/state-store.ts';
import { mayBeUnreadable } from '../drain/unreadable.ts';
import { UnreadableChange, unreadableChange } from '../drain/unreadable-change.ts';
import type { MessageRows, OpenWindow } from '../drain/window.ts';
import { isWalhookError, type WalhookError } from '../errors/walhook-error.ts';
import type { EventFormat } from '../formats/event-format.ts';
import { walhookFormat } from '../formats/walhook.ts';
import { PgoutputDecoder } from '../pgoutput/decoder.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import { readMessageHead } from '../pgoutput/message-head.ts';
import { ownSchema, type PipelineAccess } from './pipeline.ts';

export type PeekOptions = {
  readonly limit: number;
  /** `schema.table` → its key's columns, where the configuration names them. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Gets one event at a time as JSON, in commit order, without a line break. */
  readonly print: (json: string) => void;
};

/** Messages that a first look asks for: a transaction's begin, commit and relations count too. */
const FIRST_MESSAGES = 1_000;

/**
 * Prints events that wait in the slot, up to `limit` of them, and leaves them there; how many it
 * printed. Each look starts at the slot's position again, so one that brought too little (a drain's
 * own notes, say) is followed by a larger one. Throws WalhookError: transaction_unreadable once all is
 * printed that stands before a transaction that cannot be read.
 */
export async function peek(access: PipelineAccess, options: PeekOptions): Promise<number> {
  const { database, pipeline } = access;
  const server = await database.readServer();
  const slot = await database.readSlot(pipeline.slot);
  database.assertReadable(slot, pipeline.slot, server.database);
  const printer = new Printer(access, options);
  const failure = await printUpTo(access, printer, server.flushedLsn);
  if (failure === null) return printer.printed;
  const unreadable = await findIn(access, slot!.confirmedLsn!, server.flushedLsn);
  if (unreadable === null || unreadable === 'stopped') throw failure;
  await printUpTo(access, printer, unreadable.readableTo);
  if (printer.isFull) return printer.printed;
  throw unreadable.error;
}

/** What the server said where it could not output all of that. */
async function printUpTo(
  { database }: PipelineAccess,
  printer: Printer,
  uptoLsn: Lsn,
): Promise<WalhookError | null> {
  const reader = await database.openPending();
  try {
    for (let maxChanges = FIRST_MESSAGES; !printer.isFull; maxChanges *= 8) {
      const window = reader.open({ uptoLsn, maxChanges });
      await printer.printWindow(window);
      if (window.rowCount < maxChanges) break;
    }
    return null;
  } catch (error) {
    if (mayBeUnreadable(error)) return error;
    throw error instanceof UnreadableChange ? error.transaction.error : error;
  } finally {
    await reader.close();
  }
}

async function findIn(
  { database }: PipelineAccess,
  from: Lsn,
  upTo: Lsn,
): Promise<Awaited<ReturnType<typeof findUnreadable>>> {
  const trial = await database.openTrial(from);
  try {
    return await findUnreadable(trial, from, upTo, () => false);
  } finally {
    await trial.close();
  }
}

class Printer {
  printed = 0;
  readonly #access: PipelineAccess;
  readonly #options: PeekOptions;
  readonly #catalog: RelationCatalog;
  readonly #format: EventFormat;
  readonly #json = new JsonWriter();
  #lastId = '';

  constructor(access: PipelineAccess, options: PeekOptions) {
    this.#access = access;
    this.#options = options;
    const memory = new StoredCatalogMemory(ifThere(access.state), access.pipeline.name);
    this.#catalog = access.database.openCatalog(access.pipeline.slot, memory);
    this.#format = walhookFormat(this.#catalog, {
      values: { int8: 'number', numeric: 'string' },
      columns: null,
    });
  }

  get isFull(): boolean {
    return this.printed >= this.#options.limit;
  }

  async printWindow(window: OpenWindow): Promise<void> {
    const relations = new RelationCache(this.#catalog, this.#options.keys);
    const decoder = new PgoutputDecoder({ protocolVersion: 1 });
    const assembler = new Assembler(relations, {
      event: (event) => this.#print(event),
      completeThrough: () => undefined,
    });
    for await (const chunk of window.chunks) {
      const rows = chunk.open();
      while (rows.next()) {
        try {
          await accept(rows, decoder, relations, assembler);
        } catch (error) {
          throw unreadableChange(error, rows, assembler, relations);
        }
        if (this.isFull) return;
      }
    }
  }

  #print(event: ChangeEvent): void {
    if (this.isFull || this.#isOwn(event)) return;
    const id = eventId(positionOf(event));
    // An earlier, smaller look had it already: ids sort in commit order.
    if (id <= this.#lastId) return;
    this.#lastId = id;
    this.printed += 1;
    this.#options.print(event.op === 'oversized' ? oversizedJson(id, event) : this.#write(event));
  }

  #isOwn(event: ChangeEvent): boolean {
    const schema = event.op === 'message' ? null : (event.relation?.schema ?? null);
    return schema !== null && schema === ownSchema(this.#access.pipeline);
  }

  #write(event: Exclude<ChangeEvent, { op: 'oversized' }>): string {
    this.#json.clear();
    this.#format.write(event, this.#json);
    return new TextDecoder().decode(this.#json.written());
  }
}

/** A look into the slot needs no state tables. */
function ifThere(state: StateStore): Pick<StateStore, 'recallCatalog' | 'noteCatalog'> {
  return {
    noteCatalog: () => Promise.resolve(),
    async recallCatalog(pipeline) {
      try {
        return await state.recallCatalog(pipeline);
      } catch (error) {
        if (isWalhookError(error, 'state_missing') || isWalhookError(error, 'state_outdated')) {
          return [];
        }
        throw error;
      }
    },
  };
}

async function accept(
  rows: MessageRows,
  decoder: PgoutputDecoder,
  relations: RelationCache,
  assembler: Assembler,
): Promise<void> {
  if (rows.cutFromBytes > 0) {
    const head = readMessageHead(rows.bytes, rows.start, rows.end);
    return assembler.acceptOversized(head, rows.cutFromBytes, rows.lsnHigh, rows.lsnLow);
  }
  const message = decoder.decode(rows.bytes, rows.start, rows.end);
  if (message.kind === 'relation') await relations.prepare(message);
  assembler.accept(message, rows.lsnHigh, rows.lsnLow);
}

/** What is known of a change that is not fetched, and will be a dead letter. */
function oversizedJson(id: string, event: Extract<ChangeEvent, { op: 'oversized' }>): string {
  return JSON.stringify({
    id,
    op: event.originalOp,
    schema: event.relation?.schema ?? null,
    table: event.relation?.table ?? null,
    oversized_bytes: event.sizeBytes,
  });
}
