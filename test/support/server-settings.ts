/**
 * Of all test servers. Unlike what sessions usually have, so that a value whose text form depends on
 * the session's settings comes out wrong here, before it does for a user in another country.
 */
export const testServerSettings: Readonly<Record<string, string>> = {
  timezone: 'Asia/Kathmandu',
  log_timezone: 'UTC',
  datestyle: 'SQL, DMY',
  intervalstyle: 'postgres_verbose',
  bytea_output: 'escape',
  extra_float_digits: '0',
  lc_messages: 'C',
  log_min_messages: 'log',
  // Databases and their slots stay until their file has ended.
  max_replication_slots: '200',
};
