import { expect, test } from 'vitest';
import { serveApp } from '../http/served-app.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { blocksOf } from './markdown.ts';

const [extensions, secret, schedule, answers, end] = blocksOf('docs/pg-cron.md')
  .filter(({ language }) => language === 'sql')
  .map(({ text }) => text);

/** The page's own: a stand-in for the vault is a table, whose rows are delivered as any other's. */
const TOKEN = 'a-token-of-16-characters-or-more';

/**
 * What the page calls, as the extensions and the vault declare it: neither is to be had in a test.
 * A schedule runs at once, and a request is noted, as pg_net does before it sends it.
 */
const STAND_INS = `
  create schema vault;
  create table vault.decrypted_secrets (name text, decrypted_secret text);
  create function vault.create_secret(new_secret text, new_name text) returns void language sql
    as 'insert into vault.decrypted_secrets values (new_name, new_secret)';
  create schema net;
  create unlogged table net.http_request_queue
    (method text, url text, headers jsonb, body text, timeout_milliseconds int);
  create unlogged table net._http_response (id bigint, status_code int, content_type text,
    headers jsonb, content text, timed_out bool, error_msg text, created timestamptz);
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}',
    timeout_milliseconds int default 5000) returns bigint language sql
    as 'insert into net.http_request_queue
        values (''POST'', url, headers, body::text, timeout_milliseconds) returning 1::bigint';
  create schema cron;
  create table cron.job (jobname text primary key, schedule text, command text);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint
    language plpgsql as 'begin
      insert into cron.job values (job_name, schedule, command);
      execute command;
      return 1;
    end';
  create function cron.unschedule(job_name text) returns boolean language sql
    as 'delete from cron.job where jobname = job_name returning true';
`;

type Noted = { url: string; headers: Record<string, string>; body: string };

test('what the page schedules is a request that drains', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  const { config, database } = await createPipeline(
    { endpoints: [{ name: 'orders', type: 'http', url: receiver.url }] },
    `${STAND_INS}; create table orders (id int primary key)`,
  );
  const app = await serveApp(config, [TOKEN]);
  await database.query(secret!);
  await database.query(schedule!);
  await database.query('insert into orders values (1)');

  const [noted] = await database.query<Noted>('select * from net.http_request_queue');
  const { url, headers, body } = noted!;
  const { pathname } = new URL(url);
  const answer = await fetch(app.url + pathname, { method: 'POST', headers, body });

  expect(answer.status).toBe(200);
  expect(receiver.events()).toContainEqual(expect.objectContaining({ after: { id: 1 } }));
  await database.query(answers!);
  await database.query(end!);
  expect(await database.query('select from cron.job')).toEqual([]);
});

test('nobody who reads the schedule sees the token', () => {
  expect(schedule).not.toContain(TOKEN);
});

test('the extensions are named as Postgres looks for them', async () => {
  const { database } = await createPipeline({ endpoints: [{ name: 'out', type: 'stdout' }] });
  for (const statement of extensions!.split('\n')) {
    const name = /exists (\w+);$/.exec(statement)![1]!;
    // Postgres 14 says which control file it looked for; later versions name the extension.
    await expect(database.query(statement)).rejects.toThrow(
      new RegExp(
        `extension "${name}" is not available|extension control file .*/${name}\\.control"`,
      ),
    );
  }
});
