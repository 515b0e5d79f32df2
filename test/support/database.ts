import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { afterAll, inject } from 'vitest';
// Hooks run last registered first: private servers have to be closed after the databases on them.
import './private-server.ts';
import { sweepState } from './state-sweep.ts';

export type TestDatabase = {
  readonly name: string;
  /** As superuser; for walhook, so through a pooler where it is tested behind one. */
  readonly url: string;
  /** For a role that the test created with this password. */
  urlAs(role: string, password: string): string;
  /** The rows of the last statement in `text`, over one connection that all calls share. */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string,
    params?: readonly unknown[],
  ): Promise<Row[]>;
  /** A connection of one's own; ended after the file, or before by the test. */
  client(): Promise<Client>;
  /** Before the end of the file, and without the check for leaked connections. */
  dropSlotsAndDatabase(): Promise<void>;
};

/** What the server under test can do: for `test.skipIf`. */
export const serverMajorVersion = inject('serverMajorVersion');

/** Whether walhook is tested through a pooler, where it cannot read ahead: for `test.skipIf`. */
export const isPooled = inject('poolerUrl') !== null;

type OpenDatabase = { readonly adminUrl: string; readonly clients: Set<Client> };

const open = new Map<string, OpenDatabase>();

afterAll(async () => {
  const leaks: string[] = [];
  for (const [name, { adminUrl }] of open) {
    await endClients(name);
    if (!(await isRunning(adminUrl))) continue;
    const leaked = poolerOf(adminUrl) === null ? findLeakedConnections : findLeakedClients;
    leaks.push(...(await leaked(adminUrl, name)));
    await drop(name);
  }
  if (leaks.length > 0) throw new Error(`Connections were left open:\n${leaks.join('\n')}`);
});

/**
 * A fresh database on the run's server, or on the server of `serverUrl`. It is dropped after the
 * test file, which fails if anything but this helper's own connections is still connected then.
 */
export async function createTestDatabase(
  serverUrl: string = inject('serverUrl'),
  encoding = 'UTF8',
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, (admin) =>
    admin.query(`create database ${name} ${encoded(encoding)}`),
  );
  const clients = new Set<Client>();
  open.set(name, { adminUrl: serverUrl, clients });
  const direct = withDatabase(serverUrl, name);
  const url = withDatabase(poolerOf(serverUrl) ?? serverUrl, name);

  const client = async (): Promise<Client> => {
    const connected = new Client({ connectionString: direct });
    // A test that restarts the server loses its connections; the next query opens another.
    connected.on('error', () => clients.delete(connected));
    connected.once('end', () => clients.delete(connected));
    clients.add(connected);
    await connected.connect();
    return connected;
  };
  let shared: Client | undefined;

  return {
    name,
    url,
    urlAs(role, password) {
      const address = new URL(url);
      address.username = encodeURIComponent(role);
      address.password = encodeURIComponent(password);
      return address.href;
    },
    async query<Row extends QueryResultRow>(text: string, params: readonly unknown[] = []) {
      if (shared === undefined || !clients.has(shared)) shared = await client();
      // Several statements in one text come back as an array, which the types do not tell.
      const results = await shared.query<Row>(text, params.length === 0 ? undefined : [...params]);
      return [results].flat().at(-1)?.rows ?? [];
    },
    client,
    async dropSlotsAndDatabase() {
      await endClients(name);
      await drop(name);
    },
  };
}

/** The C locale goes with any encoding, and another encoding with no other template. */
function encoded(encoding: string): string {
  return encoding === 'UTF8' ? '' : `encoding '${encoding}' locale 'C' template template0`;
}

/** A test may leave its private server stopped; the databases go with its folder. */
async function isRunning(adminUrl: string): Promise<boolean> {
  if (adminUrl === inject('serverUrl')) return true;
  return withClient(adminUrl, () => Promise.resolve(true)).catch(() => false);
}

async function endClients(name: string): Promise<void> {
  for (const client of open.get(name)?.clients ?? []) await client.end();
}

/** A session outlives the socket of its client by a moment, so those of a clean end get that moment. */
async function findLeakedConnections(adminUrl: string, name: string): Promise<string[]> {
  const sql = `
    select format('%s: %s, %s, last query: %s', datname, application_name, state, query) as session
    from pg_stat_activity where datname = $1 and backend_type in ('client backend', 'walsender')`;
  return withClient(adminUrl, async (admin) => {
    for (let patience = 100; ; patience -= 1) {
      const { rows } = await admin.query<{ session: string }>(sql, [name]);
      if (rows.length === 0 || patience === 0) return rows.map(({ session }) => session);
      await pause(20);
    }
  });
}

/** Of the pooler: the sessions of the server are its own, and stay. */
async function findLeakedClients(adminUrl: string, name: string): Promise<string[]> {
  return withClient(withDatabase(poolerOf(adminUrl)!, 'pgbouncer'), async (console) => {
    for (let patience = 100; ; patience -= 1) {
      const { rows } = await console.query<{ database: string; application_name: string }>(
        'show clients',
      );
      const left = rows.filter(({ database }) => database === name);
      if (left.length === 0 || patience === 0) {
        return left.map(({ application_name: application }) => `${name}: ${application}`);
      }
      await pause(20);
    }
  });
}

/** Where walhook is tested through a pooler; null for a private server, which has none. */
function poolerOf(serverUrl: string): string | null {
  return serverUrl === inject('serverUrl') ? inject('poolerUrl') : null;
}

async function drop(name: string): Promise<void> {
  const database = open.get(name);
  if (database === undefined) return;
  open.delete(name);
  await withClient(withDatabase(database.adminUrl, name), async (client) => {
    await rollBackPrepared(client);
    // A slot keeps its database from being dropped, and a session keeps its slot, and its locks.
    await client.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where datname = $1 and pid <> pg_backend_pid()`,
      [name],
    );
    await sweepState(client);
  });
  await withClient(database.adminUrl, async (admin) => {
    await admin.query(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1',
      [name],
    );
    await admin.query(`drop database ${name} with (force)`);
  });
}

async function rollBackPrepared(client: Client): Promise<void> {
  const { rows } = await client.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database()',
  );
  for (const { gid } of rows) await client.query(`rollback prepared ${client.escapeLiteral(gid)}`);
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}
