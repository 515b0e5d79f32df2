/**
 * What a relation is known by from one look at it to the next. Rows of relations with one mark are
 * identified, named and told apart in the same way. All of it is ASCII, for it is stored in databases
 * that may not be able to write a table's name.
 */
export type RelationMark = {
  readonly relationId: number;
  /** A digest of `schema.table`. */
  readonly name: string;
  /** Of its whole description and of its key. */
  readonly digest: string;
};
