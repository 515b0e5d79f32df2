import { type Lsn, toLsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import type { PgType } from './type-catalog.ts';

/** A part of the WAL: what comes after `after`, up to and with `through`. */
export type Span = { readonly after: Lsn; readonly through: Lsn };

/** Beyond every LSN. */
const NO_END = toLsn((1n << 64n) - 1n);
const ALWAYS: Span = { after: ZERO_LSN, through: NO_END };

/** A primary key's columns, in column order; none for a table without one. */
export type KeyShape = {
  readonly columns: readonly { readonly number: number; readonly name: string }[];
  /** The transaction that made it (pg_index.xmin); null where that is not known. */
  readonly xid: number | null;
  readonly isPartitioned?: boolean;
};

/**
 * Why something of the catalog cannot have been different for any change that is still to come:
 * `slot`: it was altered last before the oldest transaction that the slot may still send. `untouched`:
 * it is as it was made.
 */
export type Proof = 'slot' | 'untouched' | null;

/** What a look at the catalog found. `version` is another one after each change of it. */
export type Seen<Shape> = {
  readonly shape: Shape;
  readonly version: string;
  readonly proof: Proof;
};

/** What an earlier look found, and for which changes it is known to hold. */
export type CatalogRecord = Span & { readonly oid: number; readonly version: string } & (
    | { readonly kind: 'type'; readonly shape: PgType }
    | { readonly kind: 'key'; readonly shape: KeyShape }
  );

/** What was seen of the catalog before, beyond the process. */
export interface CatalogMemory {
  recall(): Promise<readonly CatalogRecord[]>;
  /** For later; of the same version what is noted now adds to what is known. */
  note(record: CatalogRecord): void;
}

/** For looks of which nothing is kept. */
export const NO_MEMORY: CatalogMemory = {
  recall: () => Promise.resolve([]),
  note: () => undefined,
};

export type Dated<Shape> = Span & { readonly shape: Shape; readonly version: string };

/**
 * What is known of one object of the catalog, the oldest first. A version that is the same at two
 * looks was so in between. `seen` is null where the object is gone; `at`: when it was looked for.
 */
export function pastOf<Shape>(
  seen: Seen<Shape> | null,
  at: Lsn,
  records: readonly Dated<Shape>[],
): readonly Dated<Shape>[] {
  if (seen === null) return records;
  const { shape, version, proof } = seen;
  const same = records.find((record) => record.version === version);
  const others = records.filter((record) => record !== same);
  // An object that is as it was made, and yet was another one before, has an oid that is used again.
  if (proof === 'slot' || (proof === 'untouched' && others.length === 0)) {
    return [{ ...ALWAYS, shape, version }];
  }
  return [...others, { shape, version, after: same?.after ?? at, through: NO_END }];
}

/**
 * What a type that cannot be altered is made of: always the same, for whichever change names its oid,
 * also when it is gone.
 */
export function pastOfFixed(past: readonly Dated<PgType>[]): readonly Dated<PgType>[] {
  const [only, ...more] = past;
  return only === undefined || more.length > 0 ? past : [{ ...only, ...ALWAYS }];
}

/** Whether a type keeps what it is made of for as long as it is there. */
export function isFixed({ kind }: PgType): boolean {
  return kind !== 'composite';
}

export function isAlways(past: readonly Span[]): boolean {
  return past.length === 1 && past[0]!.after === ALWAYS.after && past[0]!.through === NO_END;
}

/** What held for a change there; undefined where that is not known. */
export function heldAt<D extends Span>(past: readonly D[], lsn: Lsn): D | undefined {
  return past.findLast(({ after, through }) => after < lsn && lsn <= through);
}
