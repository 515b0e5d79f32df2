/** The table that rows insert into: seven columns of common types, about 130 bytes a row. */
export const ITEMS_TABLE = `
  create table items (
    id bigint primary key, name text, qty int, price numeric(10, 2), ok bool, meta jsonb,
    at timestamptz
  )`;

const VALUES = `n, 'item number ' || n, n % 100, n * 0.25, n % 2 = 0, '{"color": "red", "n": 1}', now()`;

/** Adds rows to `items`, numbering on from the last one. */
export class ItemInserts {
  #source;
  #lastId = 0;

  constructor(source) {
    this.#source = source;
  }

  /** Inserts, then waits for a checkpoint: the disk is quiet again. */
  async add(count, perTransaction) {
    await this.insert(count, perTransaction);
    await this.#source.query('checkpoint');
  }

  /** `count` rows in transactions of `perTransaction`. */
  async insert(count, perTransaction) {
    const { first, last } = this.#number(count);
    await this.#source.query(`do $$
      begin
        for start in ${first}..${last} by ${perTransaction} loop
          insert into items select ${VALUES}
          from generate_series(start, least(start + ${perTransaction - 1}, ${last})) n;
          commit;
        end loop;
      end $$`);
  }

  #number(count) {
    const first = this.#lastId + 1;
    this.#lastId += count;
    return { first, last: this.#lastId };
  }
}
