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
 * The text forms that the value encoders read, whatever the server, the database or the role prefer.
 * `set local`: behind a pooler in transaction mode nothing else stays with the statement it is for.
 * The timeouts are off because a window's cost is bounded by its size, not by a kill half-way.
 */
export const PEEK_SETTINGS = [
  `set local datestyle to 'ISO, YMD'`,
  `set local intervalstyle to 'iso_8601'`,
  `set local timezone to 'UTC'`,
  `set local extra_float_digits to 1`,
  `set local bytea_output to 'hex'`,
  `set local client_encoding to 'UTF8'`,
  `set local idle_in_transaction_session_timeout to 0`,
  UNTIMED,
].join('; ');
