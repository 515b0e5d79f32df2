import type { Client } from 'pg';
import { lookedFor, sweep } from './secret-sweep.ts';

/** Looks through the state tables of a database, whatever their schema is called. */
export async function sweepState(client: Client): Promise<void> {
  // So that a text within bytes reads as a text.
  await client.query(`set bytea_output = 'escape'`);
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in (select schemaname from pg_tables where tablename = 'parked_batches')`,
  );
  const patterns = lookedFor().map((text) => `%${text}%`);
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(
      `select t::text as row from ${name} t where t::text like any ($1)`,
      [patterns],
    );
    for (const { row } of rows) sweep(`a row of ${name}`, row);
  }
}
