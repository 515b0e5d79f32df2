/**
 * What the value encoders need to know of a type that pg_type holds and the protocol does not send.
 * `scalar` is anything whose text form is written by its own oid's rule, or as a JSON string.
 */
export type PgType =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'array'; readonly elementOid: number; readonly delimiter: string }
  | { readonly kind: 'domain'; readonly baseOid: number }
  | { readonly kind: 'composite'; readonly attributes: readonly CompositeAttribute[] };

export type CompositeAttribute = { readonly name: string; readonly typeOid: number };

/** Types by oid. Complete for built-in types; user-defined ones are added as they are met. */
export interface TypeCatalog {
  lookUp(oid: number): PgType | undefined;
  /** The database checks no encoding (SQL_ASCII): what is text there may be any bytes. */
  readonly holdsAnyBytes?: boolean;
}
