import { type CapturedEvents, captureEvents } from './captured-events.ts';
import type { WritableEvent } from '../../src/formats/event-format.ts';

const TABLES = `
  create type mood as enum ('ok', 'so "so"');
  create domain positive as int check (value > 0);
  create type debt as (amount numeric, since date, tags text[]);
  create table everything (
    id int8 primary key, small int2, whole int4, big int8, price numeric, tiny float4, wide float8,
    ok bool, j json, jb jsonb, b bytea, at timestamptz, local timestamp, day date, clock time,
    span interval, u uuid, who text, "name ""ä 漢" varchar, kind mood, owed debt, pos positive,
    bigs int8[], words text[], docs jsonb[], prices numeric[], o oid, addr inet, r int4range);
  create table full_rows (id int primary key, n int, body text);
  alter table full_rows replica identity full;
  alter table full_rows alter body set storage external;
  create table toasted (id int primary key, n int, body text);
  alter table toasted alter body set storage external;
  create table keyless (note text);
  alter table keyless replica identity full;
  create table by_nothing (id int primary key, note text);
  alter table by_nothing replica identity nothing;
  create schema "other ""schema";
  create table "other ""schema"."tåble" (b int, a text, note text, primary key (a, b))`;

const values = (big: string, float: string, numeric: string): string => `
  -32768, 2147483647, ${big}, '${numeric}', '${float}', '${float}', true,
  '{"a" :\n [1, {"b": "c \\" \\\\ d"}], "big": 12345678901234567890}', '{"x": null, "s": " a  b "}',
  '\\x00ff10', '2026-01-31 10:00:00.123456+00', '2026-01-31 12:00:00.5', '2026-01-31', '24:00:00',
  '1 year -3 days 04:05:06.7', '6f1c3a52-0000-4000-8000-000000000000', E'tab\\t"quoted" \\\\ 漢😀',
  'ä', 'so "so"', row(1.50, '2026-01-31', array['x, y', '"']), 7,
  array[9223372036854775807, null], array['a', 'NULL', null, '"', 'é'],
  array['{"a": 1}', 'null']::jsonb[], array[1, 2.50, 'NaN'], 4294967295, '192.168.0.1', '[1,5)'`;

const CHANGES = `
  insert into everything values (1, ${values('9223372036854775807', 'NaN', 'NaN')});
  insert into everything values (2, ${values('-9223372036854775808', '-Infinity', '12')});
  insert into everything values (3, ${values('9007199254740993', '0.1', `${'9'.repeat(400)}.5`)});
  insert into everything (id, at, local, day) values (4, 'infinity', '-infinity', '0044-03-15 BC');
  update everything set who = 'other' where id = 1;
  update everything set id = 9 where id = 1;
  delete from everything where id = 9;
  insert into full_rows values (1, 1, repeat('x', 5000));
  update full_rows set n = 2;
  update full_rows set id = 2;
  delete from full_rows;
  insert into toasted values (1, 1, repeat('x', 5000));
  update toasted set n = 2;
  update toasted set id = 2;
  delete from toasted;
  insert into keyless values ('a');
  update keyless set note = 'b';
  delete from keyless;
  insert into by_nothing values (1, 'x');
  insert into "other ""schema"."tåble" values (1, 'a"b_ä', 'x');
  update "other ""schema"."tåble" set b = 2;
  begin;
  select pg_logical_emit_message(true, 'präfix "x"', '\\x00ff10'::bytea);
  insert into by_nothing values (2, 'y');
  truncate keyless, by_nothing restart identity;
  commit;
  select pg_logical_emit_message(false, '', 'at once');
  insert into by_nothing values (3, 'flushes what came before')`;

export type EveryKind = CapturedEvents & { readonly events: readonly WritableEvent[] };

/** Types, replica identities, TOAST, changes of key, truncates and messages, from a real server. */
export async function captureEveryKind(): Promise<EveryKind> {
  const captured = await captureEvents(TABLES);
  return { ...captured, events: await captured.of(CHANGES) };
}
