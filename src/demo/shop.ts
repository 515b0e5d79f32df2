/** A connection to the demo's database. */
export type ShopDatabase = {
  query(text: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
};

export const SHOP_TABLES = ['customers', 'products', 'orders', 'order_items'] as const;

const SCHEMA = `
  create table public.customers (
    id int primary key generated always as identity, name text not null, email text, vip boolean not null default false);
  create table public.products (
    id int primary key generated always as identity, name text not null, price numeric(10, 2) not null, stock int not null);
  create table public.orders (
    id int primary key generated always as identity, customer_id int not null references public.customers,
    status text not null, notes jsonb);
  create table public.order_items (
    order_id int not null references public.orders on delete cascade, line int not null,
    product_id int not null references public.products, amount int not null, primary key (order_id, line));
  insert into public.customers (name, email)
    select 'Customer ' || n, 'c' || n || '@example.com' from generate_series(1, 200) n;
  insert into public.products (name, price, stock)
    select 'Product ' || n, n * 1.25, 100000 from generate_series(1, 50) n;`;

export async function openShop(database: ShopDatabase): Promise<void> {
  await database.query(SCHEMA);
}

/** Customers order, pay, change their minds: one transaction after the other until it is closed. */
export class Traffic {
  readonly #database: ShopDatabase;
  readonly #done: Promise<void>;
  #closing = false;
  transactions = 0;

  constructor(database: ShopDatabase) {
    this.#database = database;
    this.#done = this.#run();
  }

  /** Lets the transaction under way end. Rejects if one failed. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (; !this.#closing; this.transactions += 1) {
      await this.#database.query(this.#nextTransaction());
    }
  }

  #nextTransaction(): string {
    const n = this.transactions;
    // Now and then somebody thinks better of it: what is rolled back is never delivered.
    if (n % 25 === 24)
      return `begin; delete from public.order_items where order_id < 100; rollback`;
    if (n % 10 === 9) return `begin; ${CANCEL}; commit`;
    if (n % 5 === 4) return `begin; ${CHANGE_CUSTOMER}; ${SHIP}; commit`;
    return `begin; ${ORDER}; commit`;
  }
}

/** Several statements on four tables; quotes, a line break and an emoji in the text on purpose. */
const ORDER = `
  with ordered as (
    insert into public.orders (customer_id, status, notes)
    select 1 + floor(random() * 200)::int, 'new',
           case when random() < 0.3 then jsonb_build_object('gift', true, 'text', E'"Für dich" \\n🎁') end
    from generate_series(1, 5) returning id
  )
  insert into public.order_items (order_id, line, product_id, amount)
  select id, line, 1 + floor(random() * 50)::int, 1 + floor(random() * 5)::int
  from ordered, generate_series(1, 3) line;
  update public.products set stock = stock - 1 where id = 1 + floor(random() * 50)::int`;

const SHIP = `update public.orders set status = 'shipped'
  where id in (select id from public.orders where status = 'new' order by id limit 10)`;

const CHANGE_CUSTOMER = `update public.customers
  set vip = not vip, email = case when vip then email end where id = 1 + floor(random() * 200)::int`;

/** The items go with their order: a cascade's deletes are changes like others. */
const CANCEL = `delete from public.orders where id in (select id from public.orders order by random() limit 2)`;
