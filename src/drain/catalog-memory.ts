import { type CatalogMemory, type CatalogRecord, isFixed } from '../changes/catalog-past.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { StateStore } from './state-store.ts';

type Store = Pick<StateStore, 'recallCatalog' | 'noteCatalog'>;

/**
 * What was seen of the catalog, in the state tables: what is altered or dropped before its changes are
 * read is still known. Read once, and only where a relation needs it.
 */
export class StoredCatalogMemory implements CatalogMemory {
  readonly #state: Store;
  readonly #pipeline: string;
  #recalled: Promise<readonly CatalogRecord[]> | null = null;
  readonly #known = new Map<string, CatalogRecord>();
  readonly #unsaved = new Map<string, CatalogRecord>();

  constructor(state: Store, pipeline: string) {
    this.#state = state;
    this.#pipeline = pipeline;
  }

  recall(): Promise<readonly CatalogRecord[]> {
    this.#recalled ??= this.#load();
    return this.#recalled;
  }

  note(record: CatalogRecord): void {
    const name = nameOf(record);
    const known = this.#known.get(name);
    const isFixedType = record.kind === 'type' && isFixed(record.shape);
    if (known !== undefined && (isFixedType || !adds(known, record))) return;
    this.#unsaved.set(name, record);
  }

  /** What was noted since the last time. `slotAt`: no change comes any more from before. */
  async save(slotAt: Lsn): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const records = [...this.#unsaved.values()];
    await this.#state.noteCatalog(this.#pipeline, records, slotAt);
    for (const record of records) {
      this.#known.set(nameOf(record), record);
      this.#unsaved.delete(nameOf(record));
    }
  }

  async #load(): Promise<readonly CatalogRecord[]> {
    const records = await this.#state.recallCatalog(this.#pipeline);
    for (const record of records) this.#known.set(nameOf(record), record);
    return records;
  }
}

function nameOf({ kind, oid, version }: CatalogRecord): string {
  return `${kind} ${oid} ${version}`;
}

function adds(known: CatalogRecord, { after, through }: CatalogRecord): boolean {
  return after < known.after || through > known.through;
}
