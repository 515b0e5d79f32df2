/**
 * How the server writes values as text, which is what the value encoders read. Each setting that the
 * text of some type depends on is here: search_path and quote_all_identifiers for regclass and its
 * like (a name outside pg_catalog comes with its schema), lc_monetary for money.
 */
const TEXT_SETTINGS = {
  datestyle: 'ISO, YMD',
  intervalstyle: 'iso_8601',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  client_encoding: 'UTF8',
  lc_monetary: 'C',
  quote_all_identifiers: 'off',
  xmlbinary: 'base64',
  xmloption: 'content',
} as const;

/**
 * What walhook's own statements mean. search_path: a function, an operator, a type or a table that
 * another role made is not found, however well it fits. pg_temp is named because it would come first
 * otherwise.
 * @see https://www.postgresql.org/docs/current/typeconv-func.html
 */
const MEANING_SETTINGS = {
  search_path: 'pg_catalog, pg_temp',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  row_security: 'on',
  exit_on_error: 'off',
  client_min_messages: 'warning',
  // Transactions wait for endpoints, and their cost is bounded by what they do.
  idle_in_transaction_session_timeout: '0',
} as const;

/** Whatever the server, the database or the role prefer, every transaction of walhook's has these. */
const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  ...MEANING_SETTINGS,
  ...TEXT_SETTINGS,
};

/** For a session of walhook's own: what its transactions begin with, and that it stays. */
export const OWN_SESSION_SETTINGS: Readonly<Record<string, string>> = {
  ...PINNED_SETTINGS,
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  idle_session_timeout: '0',
  // Servers before 17 do not have it.
  transaction_timeout: '0',
};

/**
 * One statement that sets them for its transaction. Nothing in it is looked up by the search_path,
 * which is not yet the pinned one: no operator, and no function without its schema.
 */
const forTransaction = (settings: Readonly<Record<string, string>>): string =>
  `select ${Object.entries(settings)
    .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
    .join(', ')}`;

/** The settings of PINNED_SETTINGS, for this transaction. Servers before 17 do not have the last one. */
export const PIN = `${forTransaction(PINNED_SETTINGS)},
  case when pg_catalog.current_setting('transaction_timeout', true) is not null
    then pg_catalog.set_config('transaction_timeout', '0', true) end`;

/**
 * For this transaction: it ends with its client, which the server otherwise finds out when it has
 * something to send: until then a drainer that was killed keeps the slot, and its lease. Other systems
 * cannot tell, and refuse the setting.
 */
export const ENDS_WITH_ITS_CLIENT = `select set_config('client_connection_check_interval', '2s', true) where version() like '%linux%'`;

/** For this transaction, whatever the role has: what reads WAL is bounded otherwise. */
export const UNTIMED = [
  `set local statement_timeout to 0`,
  // Servers before 17 do not have it.
  `select set_config('transaction_timeout', '0', true)
   where current_setting('transaction_timeout', true) is not null`,
  ENDS_WITH_ITS_CLIENT,
].join('; ');

/**
 * A database that checks no encoding may hold bytes that are not UTF-8, and the server refuses to send
 * those as such. In its own encoding it sends all bytes as they are.
 */
const AS_IT_IS = `select pg_catalog.set_config('client_encoding', 'SQL_ASCII', true)
  where pg_catalog.getdatabaseencoding() operator(pg_catalog.=) 'SQL_ASCII'`;

/**
 * The text forms that the value encoders read, and no timeouts: a window's cost is bounded by its
 * size, not by a kill half-way.
 */
export const PEEK_SETTINGS = [
  forTransaction(TEXT_SETTINGS),
  AS_IT_IS,
  `set local idle_in_transaction_session_timeout to 0`,
  UNTIMED,
].join('; ');
