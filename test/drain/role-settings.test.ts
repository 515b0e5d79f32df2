import { afterAll, expect, test } from 'vitest';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

/** Types whose text depends on a setting, alone and inside others. */
const COLUMNS: Readonly<Record<string, string>> = {
  amount: `'1234.5'::money`,
  amounts: `array['1234.5'::money, null]`,
  relation: `'public.t'::regclass`,
  relations: `array['public.t'::regclass, 'pg_class'::regclass]`,
  type: `'public.place'::regtype`,
  routine: `'public.plus'::regproc`,
  procedure: `'public.plus(int, int)'::regprocedure`,
  operator: `'public.@+@(int, int)'::regoperator`,
  oper: `'public.@+@'::regoper`,
  configuration: `'public.words'::regconfig`,
  dictionary: `'public.stems'::regdictionary`,
  collation_: `'public.order_of_words'::regcollation`,
  schema: `'public'::regnamespace`,
  role: `'pg_monitor'::regrole`,
  at: `'2024-03-01 12:30:00.5+05:45'::timestamptz`,
  local: `'2024-03-01 12:30:00.5'::timestamp`,
  day: `'2024-03-01'::date`,
  clock: `'12:30:00.5+05:45'::timetz`,
  days: `'[2024-03-01,2024-04-01)'::daterange`,
  moments: `'{["2024-03-01 00:00+00","2024-04-01 00:00+00")}'::tstzmultirange`,
  pause: `'1 year 2 months -3 days 04:05:06.789'::interval`,
  bytes: `'\\x00ff5c'::bytea`,
  ratio: `0.1::float8 + 0.2::float8`,
  small: `1.1::float4`,
  point: `point(0.1::float8 + 0.2::float8, 1e-20)`,
  words: `array['NULL', null, 'a "quoted" \\ one']`,
  document: `xmlelement(name a, 'b')`,
  place: `('here', '2024-03-01 12:30+00')::public.place`,
  many: `'{1,2}'::int[]`,
  moods: `'"$user"'::name`,
  json: `'{"a": [1, null]}'::json`,
  net: `'10.0.0.1/8'::inet`,
  grants: `'{=r/pg_monitor}'::aclitem[]`,
};

const SET_UP = `
  create type public.place as (name text, since timestamptz);
  create function public.plus(int, int) returns int language sql as 'select $1 + $2';
  create operator public.@+@ (leftarg = int, rightarg = int, function = public.plus);
  create text search configuration public.words (copy = pg_catalog.simple);
  create text search dictionary public.stems (template = pg_catalog.simple);
  create collation public.order_of_words (locale = 'C');
  create table public.t (id int primary key);`;

/**
 * Each setting that a role may be given, as little like the default as it can be: the opposite, the
 * last of what it may be, or one of these. What the server does not let a role have is left.
 */
const FLIPPED = (target: string): string => `do $do$
  declare
    given record;
    texts constant jsonb := '{
      "search_path": "public, pg_catalog", "datestyle": "German, DMY", "timezone": "America/Caracas",
      "lc_monetary": "C.UTF-8", "lc_numeric": "C.UTF-8", "lc_time": "C.UTF-8",
      "extra_float_digits": "-15", "timezone_abbreviations": "India",
      "default_transaction_isolation": "serializable", "client_min_messages": "debug5",
      "gin_fuzzy_search_limit": "1", "from_collapse_limit": "1", "join_collapse_limit": "1",
      "idle_in_transaction_session_timeout": "20ms", "idle_session_timeout": "20ms",
      "work_mem": "64kB", "cursor_tuple_fraction": "0", "restrict_nonsystem_relation_kind": "view"
    }';
  begin
    for given in
      select name, coalesce(texts ->> lower(name), case
          when vartype = 'bool' then case setting when 'on' then 'off' else 'on' end
          when vartype = 'enum' then (
            select v from unnest(enumvals) with ordinality as e (v, place)
            where v <> setting order by place desc limit 1) end) as value
      from pg_settings where context in ('user', 'superuser')
    loop
      continue when given.value is null or given.name in (
        -- What ends, or traces, each statement of every session, and says nothing of what it means.
        'log_error_verbosity', 'client_connection_check_interval', 'session_replication_role',
        'log_min_messages', 'log_min_error_statement', 'log_statement', 'backtrace_functions',
        'default_transaction_deferrable', 'row_security', 'track_activities', 'event_triggers',
        'transaction_isolation', 'transaction_read_only', 'transaction_deferrable',
        'zero_damaged_pages', 'ignore_checksum_failure', 'allow_system_table_mods',
        'debug_discard_caches', 'is_superuser', 'in_hot_standby', 'lc_messages')
        or given.name like 'log\\_%' or given.name like 'debug\\_print%' or given.name like 'trace%'
        or given.name like 'wal\\_%' or given.name like '%\\_stats';
      begin
        if given.name in ('search_path', 'DateStyle') then
          execute format('alter ${target} set %I = %s', given.name, given.value);
        else
          execute format('alter ${target} set %I = %L', given.name, given.value);
        end if;
      exception when others then null;
      end;
    end loop;
    execute 'alter ${target} set row_security = off';
    execute 'alter ${target} set default_transaction_deferrable = on';
  end $do$`;

const created: { readonly pipeline: TestPipeline; readonly role: string }[] = [];

afterAll(async () => {
  for (const { pipeline, role } of created) {
    await pipeline.database.query(
      `alter database ${pipeline.database.name} reset all; drop owned by ${role}; drop role ${role}`,
    );
  }
});

async function openShop() {
  const receiver = await startReceiver();
  const endpoint = { name: 'out', type: 'http', url: receiver.url } as const;
  const pipeline = await createPipeline({ endpoints: [endpoint] }, SET_UP);
  const { database } = pipeline;
  for (const [name, value] of Object.entries(COLUMNS)) {
    const [row] = await database.query<{ type: string }>(
      `select format_type(pg_typeof(${value}), null) as type`,
    );
    await database.query(`alter table public.t add column ${name} ${row!.type}`);
  }
  const role = `${database.name}_role`;
  await database.query(`create role ${role} login superuser password '${secret('role')}'`);
  created.push({ pipeline, role });
  const slot = `${database.name}_flipped`;
  await database.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  const write = (id: number) =>
    database.query(`insert into public.t values (${id}, ${Object.values(COLUMNS).join(', ')})`);
  const flipped = await pipeline.configured({
    database: { url: database.urlAs(role, secret('role')) },
  });
  return { pipeline, flipped, receiver, role, database, write };
}

/** All of it but the key. */
function rowOf({ after }: { readonly after?: unknown }): string {
  return JSON.stringify({ ...(after as object), id: 0 });
}

test.each(['role', 'database'])(
  'whatever the %s is set to, a drain delivers the same bytes, once',
  async (kind) => {
    const { pipeline, flipped, receiver, role, database, write } = await openShop();
    await write(1);
    expect((await pipeline.drain()).error).toBeNull();
    const [usual] = receiver.events();

    await database.query(FLIPPED(kind === 'role' ? `role ${role}` : `database ${database.name}`));
    const [count] = await database.query<{ settings: number }>(
      `select sum(cardinality(setconfig))::int as settings from pg_db_role_setting
       where setrole = '${role}'::regrole
         or setdatabase = (select oid from pg_database where datname = current_database())`,
    );
    expect(count!.settings).toBeGreaterThan(60);
    await write(2);
    const report = await flipped.drain();
    expect(report).toMatchObject({ error: null, events: 1 });
    expect((await flipped.drain()).events).toBe(0);

    const events = receiver.events();
    expect(events).toHaveLength(2);
    expect(rowOf(events[1]!)).toBe(rowOf(usual!));
    expect(events[1]).toMatchObject({
      after: {
        amount: '$1,234.50',
        relation: 'public.t',
        type: 'public.place',
        routine: 'public.plus',
        operator: 'public.@+@(integer,integer)',
        at: '2024-03-01T06:45:00.500000Z',
        ratio: 0.30000000000000004,
      },
    });
  },
);

const ALONE = [
  'array_nulls = off',
  'default_transaction_read_only = on',
  "default_transaction_isolation = 'serializable'",
  'transform_null_equals = on',
  'exit_on_error = on',
  "search_path = ''",
  "idle_in_transaction_session_timeout = '20ms'",
  'standard_conforming_strings = off',
];

test('nor does one setting alone have anything delivered twice, or not at all', async () => {
  const { flipped, receiver, role, database, write } = await openShop();
  for (const [index, setting] of ALONE.entries()) {
    await database.query(`alter role ${role} set ${setting}`);
    await write(index);
    const reports = [await flipped.drain(), await flipped.drain()];
    expect({ setting, events: reports.map(({ events }) => events) }).toEqual({
      setting,
      events: [1, 0],
    });
    await database.query(`alter role ${role} reset all`);
  }
  expect(receiver.events()).toHaveLength(ALONE.length);
});
