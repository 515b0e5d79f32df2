/**
 * One database connection, as `pg.Client` is: statements run one after the other, in the order in
 * which they were handed in. Not a pool: a transaction has to stay on one connection.
 */
export interface StateClient {
  query(
    query: { readonly text: string },
    values?: unknown[],
  ): Promise<{ readonly rows: readonly unknown[] }>;
}
