import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export async function isPgbenchInstalled(): Promise<boolean> {
  return execute('pgbench', ['--version']).then(
    () => true,
    () => false,
  );
}

/** Runs it against the database to its end. */
export async function pgbench(databaseUrl: string, options: readonly string[]): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  // Not as an argument: those can be read by everyone on the machine.
  const connection = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
  await execute('pgbench', options, { env: { ...process.env, ...connection } });
}
