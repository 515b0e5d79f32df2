import { escapeLiteral } from 'pg';
import type { Client } from 'pg';
import type { Random } from './random.ts';

/** One table for each way a row can be known by: see `KEYS`. */
export const WORKLOAD_TABLES = `
  create table accounts (id int primary key, owner text, active bool, note text);
  alter table accounts alter column note set storage external;
  create table lines (order_id int, line int, sku text, qty int, primary key (order_id, line));
  create table labels (name text primary key, colour text);
  create table journal (at int, what text);
  alter table journal replica identity full;
  create table audit (at int, what text)`;

/** The key's columns; null where rows have none. */
export const KEYS: Readonly<Record<string, readonly string[] | null>> = {
  accounts: ['id'],
  lines: ['order_id', 'line'],
  labels: ['name'],
  journal: null,
  audit: null,
};

const NAMES = ['', ' ', 'naïve', '漢字😀', 'a"b', 'back\\slash', 'tab\there', "it's"];
/** Too long to stand in its row, so that an update of other columns leaves it unsent. */
const LONG_NOTE = 'x'.repeat(2_500);

/** Two sessions write transactions of all kinds; each touches rows of its own, so none waits. */
export async function writeWorkload(
  sessions: readonly [Client, Client],
  random: Random,
  transactions: number,
): Promise<void> {
  for (let i = 0; i < transactions; i++) {
    const kind = random.below(100);
    if (kind < 4) await sessions[0].query(truncation(random));
    else if (kind < 8) await sessions[0].query(logicalMessage(random));
    else if (kind < 30) await overlapping(sessions, random);
    else await inTransaction(sessions[0], random, random.below(2));
  }
}

async function inTransaction(session: Client, random: Random, parity: number): Promise<void> {
  for (const statement of transaction(random, parity)) await session.query(statement);
}

async function overlapping(sessions: readonly [Client, Client], random: Random): Promise<void> {
  const left = sessions.map((_, parity) => transaction(random, parity));
  while (left.some((statements) => statements.length > 0)) {
    const which = left[0]!.length === 0 ? 1 : left[1]!.length === 0 ? 0 : random.below(2);
    await sessions[which]!.query(left[which]!.shift()!);
  }
}

function transaction(random: Random, parity: number): string[] {
  const statements = ['begin'];
  for (let i = random.below(6); i >= 0; i--) {
    if (random.chance(15)) {
      statements.push('savepoint s', change(random, parity), change(random, parity));
      statements.push('rollback to s', 'release s');
    } else if (random.chance(5)) {
      statements.push(logicalMessage(random));
    } else {
      statements.push(change(random, parity));
    }
  }
  statements.push(random.chance(8) ? 'rollback' : 'commit');
  return statements;
}

function truncation(random: Random): string {
  return `truncate ${random.pick(['accounts', 'labels, journal', 'lines', 'audit', 'journal'])}`;
}

function logicalMessage(random: Random): string {
  return `select pg_logical_emit_message(${random.chance(50)}, 'note', 'm${random.below(1_000)}')`;
}

/** Rows of one parity only. */
function change(random: Random, parity: number): string {
  const id = (limit: number): number => 2 * random.below(limit) + parity;
  const word = escapeLiteral(`w${random.below(10_000)} ${random.pick(NAMES)}`);
  const name = (): string => escapeLiteral(NAMES[id(NAMES.length / 2)]!);
  const note = random.chance(30) ? `'${random.below(10)}${LONG_NOTE}'` : word;
  switch (random.below(14)) {
    case 0:
    case 1:
      return `insert into accounts values (${id(12)}, ${word}, ${random.chance(50)}, ${note})
        on conflict (id) do update set owner = excluded.owner`;
    case 2:
      return `update accounts set owner = ${word}, active = null where id = ${id(12)}`;
    case 3:
      return `delete from accounts where id = ${id(12)}`;
    case 4: {
      const to = id(12);
      return `update accounts set id = ${to} where id = ${id(12)}
        and not exists (select from accounts where id = ${to})`;
    }
    case 5:
      return `insert into lines select ${id(6)}, n, ${word}, n * 3
        from generate_series(1, ${1 + random.below(12)}) n
        on conflict (order_id, line) do update set qty = lines.qty + 1`;
    case 6:
      return `update lines set sku = ${word} where order_id = ${id(6)}`;
    case 7:
      return `delete from lines where order_id = ${id(6)} and line > ${random.below(6)}`;
    case 8: {
      const to = id(6);
      return `update lines set order_id = ${to} where order_id = ${id(6)}
        and not exists (select from lines where order_id = ${to})`;
    }
    case 9:
      return `insert into labels values (${name()}, ${word})
        on conflict (name) do update set colour = excluded.colour`;
    case 10:
      return `delete from labels where name = ${name()}`;
    case 11:
      return `insert into journal select ${parity}, ${word} from generate_series(1, 2)`;
    case 12:
      return random.chance(50)
        ? `update journal set what = ${word}
           where ctid = (select min(ctid) from journal where at = ${parity})`
        : `delete from journal where ctid = (select max(ctid) from journal where at = ${parity})`;
    default:
      return `insert into audit select ${parity}, ${word} from generate_series(1, ${1 + random.below(5)})`;
  }
}
