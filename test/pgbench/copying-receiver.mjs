// The process behind copying-receiver.ts: copies the tables of pgbench from the events that it is
// sent, one set of copies for each path that is posted to. It believes what it is told in the order
// in which it is told, as a naive receiver would, and notes what cannot be right. GET of a path tells.

import { createServer } from 'node:http';

const KEYS = { pgbench_accounts: 'aid', pgbench_branches: 'bid', pgbench_tellers: 'tid' };

class Copies {
  problems = [];
  ids = new Set();
  events = {};
  /** Rows as JSON by their key; those of a table without one as a list. */
  tables = { pgbench_history: [] };
  historyXids = new Set();
  #strict;
  #lastIdOf = new Map();

  constructor(path) {
    this.#strict = path === '/strict';
    for (const table of Object.keys(KEYS)) this.tables[table] = new Map();
  }

  apply(event) {
    const { id, op, table } = event;
    const what = `${op} ${table}`;
    this.events[what] = (this.events[what] ?? 0) + 1;
    if (this.ids.has(id)) this.problems.push(`${id} came twice`);
    this.ids.add(id);
    this.#checkOrder(event);
    if (this.tables[table] === undefined) this.problems.push(`${what}: no such table`);
    else if (op === 'truncate') this.#truncate(table);
    else if (table in KEYS) this.#change(event);
    else this.#append(event);
  }

  #checkOrder({ id, op, table, key }) {
    // A truncate is of all rows, and a table without a key is one lane.
    const row = `${table} ${JSON.stringify(key)}`;
    const scopes = op === 'truncate' ? [table] : [row, `${table} truncated`];
    if (this.#strict) scopes.push('everything');
    for (const scope of scopes) {
      const last = this.#lastIdOf.get(scope) ?? '';
      if (last >= id) this.problems.push(`${id} (${op} of ${row}) came after ${last}`);
    }
    const met = op === 'truncate' ? [table, `${table} truncated`] : [table, row];
    for (const scope of [...met, 'everything']) {
      if (id > (this.#lastIdOf.get(scope) ?? '')) this.#lastIdOf.set(scope, id);
    }
  }

  #truncate(table) {
    if (table in KEYS) this.tables[table].clear();
    else this.tables[table] = [];
  }

  #change({ id, op, table, key, before, after, unchanged }) {
    const column = KEYS[table];
    const rows = this.tables[table];
    const isKnown = rows.has(after?.[column]);
    const isRight =
      JSON.stringify(key) === JSON.stringify({ [column]: after?.[column] }) &&
      before === null &&
      (unchanged ?? []).length === 0 &&
      ((op === 'insert' && !isKnown) || (op === 'update' && isKnown));
    if (!isRight)
      this.problems.push(`${id}: ${op} of ${table} ${JSON.stringify(key)} makes no sense`);
    rows.set(after?.[column], JSON.stringify(after));
  }

  tell() {
    const rows = Object.entries(this.tables).map(([table, known]) => [
      table,
      [...known.values()].sort(),
    ]);
    return {
      problems: this.problems.slice(0, 10),
      distinctIds: this.ids.size,
      events: this.events,
      rows: Object.fromEntries(rows),
      historyXids: [...this.historyXids].sort((a, b) => a - b),
    };
  }

  #append({ id, op, table, key, after, xid }) {
    if (op !== 'insert' || key !== null) this.problems.push(`${id}: ${op} of ${table}`);
    this.historyXids.add(xid);
    this.tables[table].push(JSON.stringify(after));
  }
}

const copies = new Map();

function copiesOf(path) {
  if (!copies.has(path)) copies.set(path, new Copies(path));
  return copies.get(path);
}

const server = createServer(async (request, response) => {
  const copy = copiesOf(request.url);
  if (request.method === 'GET') {
    response.end(JSON.stringify(copy.tell()));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  for (const event of JSON.parse(Buffer.concat(chunks).toString()).events) copy.apply(event);
  response.writeHead(204).end();
});

// Whoever started it holds the other end.
process.stdin.resume().on('end', () => process.exit());
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
