/**
 * What SQL can tell of a pgoutput message in a column `change.data`: the first byte is its kind, and
 * of a row or a relation the relation's id follows.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export const KIND = 'get_byte(change.data, 0)';
export const IS_ROW = `${KIND} in (ascii('I'), ascii('U'), ascii('D'))`;
/** The shifts are in brackets: to Postgres << and | bind alike, from left to right. */
export const RELATION_ID = `((get_byte(change.data, 1)::bigint << 24) | (get_byte(change.data, 2) << 16)
  | (get_byte(change.data, 3) << 8) | get_byte(change.data, 4))`;

/** Whether that relation is in a schema, given as an SQL expression. */
export const isOfSchema = (schema: string): string => `${RELATION_ID} in (
  select c.oid::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = ${schema})`;
