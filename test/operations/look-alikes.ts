import type { TestDatabase } from '../support/database.ts';

/**
 * Fills a schema with a look-alike of everything that SQL of walhook's could name: each function,
 * operator, aggregate, type and relation of pg_catalog. Whatever finds one of the callable ones ahead
 * of the server's own is counted, also where the caller's transaction is taken back, and fails.
 */
export async function plantLookAlikes(database: TestDatabase, schema: string): Promise<void> {
  await database.query(`
    create schema if not exists ${schema};
    create sequence ${schema}.calls minvalue 0 start 0;
    grant usage on schema ${schema} to public;
    grant all on sequence ${schema}.calls to public;
    ${PLANT.replaceAll('THE_SCHEMA', schema)}`);
}

/** How many look-alikes were called. */
export async function callsOf(database: TestDatabase, schema: string): Promise<number> {
  const [row] = await database.query<{ calls: string }>(
    `select case when is_called then last_value + 1 else 0 end as calls from ${schema}.calls`,
  );
  return Number(row!.calls);
}

/**
 * What cannot be made is not made: a function with a pseudo-type that no language of ours takes, an
 * operator without a function. As a superuser, whose search_path is the usual one: pg_catalog first.
 */
const PLANT = `
  do $do$
  declare
    alike record;
    body constant text := $body$ begin
      perform pg_catalog.nextval('THE_SCHEMA.calls');
      raise exception 'a look-alike was called';
    end $body$;
    pseudo constant oid[] := array['internal', 'cstring', 'trigger', 'event_trigger',
      'language_handler', 'fdw_handler', 'index_am_handler', 'tsm_handler', 'table_am_handler',
      '"any"', 'record', '_record', 'unknown']::regtype[]::oid[];
  begin
    for alike in
      select quote_ident(p.proname) as name, pg_get_function_identity_arguments(p.oid) as args,
             pg_get_function_result(p.oid) as result, p.proretset as many
      from pg_proc p
      where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind in ('f', 'a', 'w')
        and not p.proargtypes::oid[] && pseudo
        and pg_get_function_identity_arguments(p.oid) not like '%ORDER BY%'
        and (not p.prorettype = any (pseudo) or p.prorettype in ('record'::regtype, 'trigger'::regtype))
        and (p.prorettype <> 'record'::regtype or p.proargmodes is not null)
    loop
      begin
        execute format('create function THE_SCHEMA.%s(%s) returns %s language plpgsql as %L',
          alike.name, alike.args, alike.result, body);
      exception when others then null;
      end;
    end loop;

    -- Those that fit a literal better than the server's own.
    for alike in
      select distinct quote_ident(p.proname) as name,
             (select string_agg(case when t in ('name'::regtype, 'regclass'::regtype) then 'text'
                                     else format_type(t, null) end, ', ' order by place)
              from unnest(p.proargtypes) with ordinality as arg (t, place)) as args
      from pg_proc p
      where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f'
        and p.proargtypes::oid[] && array['name', 'regclass']::regtype[]::oid[]
        and not p.proargtypes::oid[] && pseudo
    loop
      begin
        execute format('create function THE_SCHEMA.%s(%s) returns text language plpgsql as %L',
          alike.name, alike.args, body);
      exception when others then null;
      end;
    end loop;
    execute format('create function THE_SCHEMA.pg_logical_slot_peek_binary_changes(
      text, text, int, variadic text[], out lsn pg_lsn, out xid xid, out data bytea)
      returns setof record language plpgsql as %L', body);
    execute format('create function THE_SCHEMA.pg_logical_slot_get_binary_changes(
      text, text, int, variadic text[], out lsn pg_lsn, out xid xid, out data bytea)
      returns setof record language plpgsql as %L', body);

    execute format('create function THE_SCHEMA.format(text, variadic name[])
      returns text language plpgsql as %L', body);
    execute format('create function THE_SCHEMA.format(text, variadic text[])
      returns text language plpgsql as %L', body);
    execute format('create function THE_SCHEMA.times(float8, int) returns float8
      language plpgsql as %L', body);
    create operator THE_SCHEMA.* (
      leftarg = float8, rightarg = int, function = THE_SCHEMA.times);
    for alike in
      select o.oprname as name, f.proname as calls, o.oprleft::regtype::text as l,
             o.oprright::regtype::text as r, o.oprleft = 0 as prefix
      from pg_operator o join pg_proc f on f.oid = o.oprcode
      where o.oprnamespace = 'pg_catalog'::regnamespace
    loop
      begin
        execute format('create operator THE_SCHEMA.%s (%s rightarg = %s, function = THE_SCHEMA.%I)',
          alike.name, case when alike.prefix then '' else format('leftarg = %s,', alike.l) end,
          alike.r, alike.calls);
      exception when others then null;
      end;
    end loop;

    -- Nothing of these is called: what finds one finds no rows, or cannot read what it holds.
    for alike in
      select c.relname as name from pg_class c
      where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
    loop
      begin
        execute format('create view THE_SCHEMA.%I as select * from pg_catalog.%I where false',
          alike.name, alike.name);
      exception when others then null;
      end;
    end loop;
    for alike in
      select t.typname as name from pg_type t
      where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and t.typelem = 0
    loop
      begin
        execute format('create domain THE_SCHEMA.%I as pg_catalog.bool', alike.name);
      exception when others then null;
      end;
    end loop;
    execute 'grant select on all tables in schema THE_SCHEMA to public';
  end $do$`;
