import { expect, test } from 'vitest';
import { walhook } from '../cli/walhook.ts';
import { blocksOf } from '../docs/markdown.ts';
import { createTestDatabase } from '../support/database.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';

/** The page's own words, for a database of this name. */
function pageBlock(firstWords: string, database: string): string {
  const block = blocksOf('docs/postgres-setup.md').find(({ text }) => text.startsWith(firstWords));
  return block!.text.replaceAll(/\bdatabase shop\b/g, `database ${database}`);
}

test(
  'a person with the least role of the page, and no other, gets from init to destroy',
  { timeout: 180_000 },
  async () => {
    // The page's names are fixed, and roles are the whole server's.
    const server = await startPrivateServer();
    const database = await createTestDatabase(server.url());
    await database.query(`create table orders (id int primary key, status text);
    create table customers (id int primary key, name text)`);
    await database.query(pageBlock('create role walhook', database.name));
    const receiver = await startReceiver();
    const env = {
      DATABASE_URL: database.urlAs('walhook', 'change-me'),
      SLOT_NAME: database.name,
      HTTP_ENDPOINT_URL: receiver.url,
    };
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await walhook(args, env);
      expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
      return stdout;
    };

    await run('init');
    await run('init');
    await database.query(`insert into orders values (1, 'new'); update orders set status = 'paid'`);
    expect(await run('peek')).toContain('"status":"new"');
    await run('drain');
    expect(receiver.events().map(({ op }) => op)).toEqual(['insert', 'update']);
    expect(await run('status')).toContain('All is well');
    await run('doctor');
    await run('endpoints', 'list');
    await run('dead-letters', 'list');

    const refused = await walhook(['destroy', '--yes'], env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('walhook destroy --keep-publication');
    await run('doctor');
    const destroyed = await run('destroy', '--keep-publication', '--yes', '--json');
    expect(JSON.parse(destroyed)).toMatchObject({
      steps: [{ outcome: 'dropped' }, { outcome: 'kept' }, { outcome: 'dropped' }],
    });
    await database.query(pageBlock('drop publication walhook;', database.name));
    expect(
      await database.query(`select rolname as name from pg_roles where rolname = 'walhook'
      union all select slot_name from pg_replication_slots
      union all select nspname from pg_namespace where nspname = 'walhook'
      union all select pubname from pg_publication`),
    ).toEqual([]);
  },
);
