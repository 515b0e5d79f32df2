import { type Lsn, toLsn } from '../pgoutput/lsn.ts';
import type { Relation } from '../pgoutput/messages.ts';
import { builtinTypeCatalog } from './builtin-types.ts';
import { type Dated, heldAt, isAlways, type Span } from './catalog-past.ts';
import type { DatedKey, KnownKey } from './key-past.ts';
import type { RelationView } from './relation-view.ts';
import type { PgType, TypeCatalog } from './type-catalog.ts';

/** Of each type that is not built in, and that a relation's columns are made of. */
export type TypePasts = ReadonlyMap<number, readonly Dated<PgType>[]>;

/** The types that a value of that type is made of, itself among them, as far as any look found them. */
export function typesWithin(
  oids: readonly number[],
  pastOfType: (oid: number) => readonly Dated<PgType>[],
): TypePasts {
  const found = new Map<number, readonly Dated<PgType>[]>();
  const visit = (oid: number): void => {
    if (found.has(oid) || builtinTypeCatalog.lookUp(oid) !== undefined) return;
    const past = pastOfType(oid);
    found.set(oid, past);
    for (const { shape } of past) partsOf(shape).forEach(visit);
  };
  oids.forEach(visit);
  return found;
}

function partsOf(type: PgType): readonly number[] {
  switch (type.kind) {
    case 'scalar':
      return [];
    case 'array':
      return [type.elementOid];
    case 'domain':
      return [type.baseOid];
    case 'composite':
      return type.attributes.map(({ typeOid }) => typeOid);
  }
}

/**
 * A relation under one description of the server's, whose types or key have been others in a part of
 * the WAL: a view for each part. Where it is not known how a type was made, values are text.
 */
export class DatedViews {
  readonly #relation: Relation;
  readonly #types: TypePasts;
  readonly #key: DatedKey | null;
  readonly #holdsAnyBytes: boolean;
  readonly #byKey: ReadonlyMap<KnownKey | undefined, RelationView>;
  /** Where something begins or ceases to be known, in order. */
  readonly #bounds: readonly bigint[];
  readonly #views = new Map<string, RelationView>();
  #last: (Span & { readonly xid: number | null; readonly view: RelationView }) | null = null;

  /** `byKey`: the view with each key that `key` may tell; of undefined where the key is always known. */
  constructor(
    relation: Relation,
    types: TypePasts,
    key: DatedKey | null,
    byKey: ReadonlyMap<KnownKey | undefined, RelationView>,
    holdsAnyBytes: boolean,
  ) {
    this.#holdsAnyBytes = holdsAnyBytes;
    this.#relation = relation;
    this.#types = types;
    this.#key = key;
    this.#byKey = byKey;
    const spans: Span[] = [...[...types.values()].flat(), ...(key?.spans ?? [])];
    const bounds = spans.flatMap(({ after, through }) => [after, through]);
    this.#bounds = [...new Set<bigint>(bounds)].sort((a, b) => (a < b ? -1 : 1));
  }

  /** The view of a change at that LSN, by that transaction. */
  at(lsnHigh: number, lsnLow: number, xid: number | null): RelationView {
    const lsn = toLsn((BigInt(lsnHigh) << 32n) | BigInt(lsnLow));
    const last = this.#last;
    if (last !== null && last.xid === xid && last.after < lsn && lsn <= last.through) {
      return last.view;
    }
    const view = this.#viewAt(lsn, xid);
    this.#last = { ...this.#spanAround(lsn), xid, view };
    return view;
  }

  #spanAround(lsn: Lsn): Span {
    const after = this.#bounds.findLast((bound) => bound < lsn) ?? 0n;
    const through = this.#bounds.find((bound) => bound >= lsn) ?? lsn;
    return { after: toLsn(after), through: toLsn(through) };
  }

  #viewAt(lsn: Lsn, xid: number | null): RelationView {
    const base = this.#byKey.get(this.#key?.at(lsn, xid))!;
    const types = new Map<number, PgType>();
    for (const [oid, past] of this.#types) {
      const known = heldAt(past, lsn);
      if (known !== undefined) types.set(oid, known.shape);
    }
    const key = JSON.stringify([base.keyColumns, base.keyIsUnknown === true, [...types]]);
    let view = this.#views.get(key);
    if (view === undefined) this.#views.set(key, (view = this.#withTypes(base, types)));
    return view;
  }

  #withTypes(base: RelationView, known: ReadonlyMap<number, PgType>): RelationView {
    if ([...this.#types.values()].every(isAlways)) return base;
    const lookUp = (oid: number): PgType | undefined =>
      builtinTypeCatalog.lookUp(oid) ?? known.get(oid);
    const isKnown = (oid: number, within: readonly number[]): boolean => {
      const type = lookUp(oid);
      if (type === undefined) return false;
      if (within.includes(oid)) return true;
      return partsOf(type).every((part) => isKnown(part, [...within, oid]));
    };
    const asText = this.#relation.columns.filter(({ typeOid }) => !isKnown(typeOid, []));
    const unknown = new Set(asText.map(({ typeOid }) => typeOid));
    const types: TypeCatalog = {
      lookUp: (oid) => (unknown.has(oid) ? undefined : lookUp(oid)),
      holdsAnyBytes: this.#holdsAnyBytes,
    };
    return { ...base, types, asText: new Set(asText) };
  }
}
