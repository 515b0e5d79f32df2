import type { ErrorCode } from '../errors/catalogue.ts';
import { WalhookError } from '../errors/walhook-error.ts';

/**
 * What a server's SQLSTATE, or the socket's error code, means here.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const MEANING: Readonly<Record<string, ErrorCode>> = {
  '08000': 'database_connection_lost',
  '08001': 'database_unreachable',
  '08003': 'database_connection_lost',
  '08006': 'database_connection_lost',
  '08P01': 'database_connection_lost',
  '25006': 'database_read_only', // read_only_sql_transaction: a standby, or a server that takes no writes
  '28000': 'database_auth_failed', // invalid_authorization_specification: no pg_hba.conf entry, no role
  '28P01': 'database_auth_failed', // invalid_password
  '3D000': 'database_missing', // invalid_catalog_name
  '42501': 'privilege_missing', // insufficient_privilege
  '53300': 'database_too_many_connections',
  '53400': 'slots_exhausted', // configuration_limit_exceeded: all replication slots are in use
  '55006': 'slot_in_use', // object_in_use: active for another process
  '55P03': 'database_statement_canceled', // lock_not_available: lock_timeout
  '57014': 'database_statement_canceled', // query_canceled: statement_timeout, or pg_cancel_backend
  '57P01': 'database_connection_lost', // admin_shutdown
  '57P02': 'database_connection_lost', // crash_shutdown
  '57P03': 'database_unreachable', // cannot_connect_now: starting up, or shutting down
  '57P05': 'database_connection_lost', // idle_session_timeout
  ECONNREFUSED: 'database_unreachable',
  ECONNRESET: 'database_connection_lost',
  EPIPE: 'database_connection_lost',
  ETIMEDOUT: 'database_unreachable',
  EHOSTUNREACH: 'database_unreachable',
  ENETUNREACH: 'database_unreachable',
  ENOTFOUND: 'database_unreachable',
  EAI_AGAIN: 'database_unreachable',
  ENOENT: 'database_unreachable', // a unix socket that is not there
};

/** Of OpenSSL and of Node's look at a certificate. */
const TLS_CODES = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$|CERT_|.*_CERT(_|$)|.*_CERTIFICATE$)/;

/** pg has no code for these; its messages are all there is. */
const MEANING_BY_MESSAGE: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /connection terminated|client has encountered a connection error|not queryable/i,
    'database_connection_lost',
  ],
  [/timeout expired|connect(ion)? timeout/i, 'database_unreachable'],
  [/SASL|SCRAM|client password must be a string/i, 'database_auth_failed'],
  [/does not support SSL|SSL connection|certificate|self[- ]signed/i, 'database_tls_failed'],
];

/** 55000 (object_not_in_prerequisite_state) covers several states; the message tells which. */
const MEANING_OF_55000: readonly (readonly [RegExp, ErrorCode])[] = [
  [/wal_level/i, 'wal_level_not_logical'],
  [/can no longer get changes|can no longer access|invalidated|has been invalidated/i, 'slot_lost'],
  [/was not created in this database/i, 'slot_wrong_database'],
];

/** SQLSTATE 42704 (undefined_object). */
const MEANING_OF_42704: readonly (readonly [RegExp, ErrorCode])[] = [
  [/replication slot/i, 'slot_missing'],
  [/publication/i, 'publication_missing'],
];

/** Any failure of the driver as a WalhookError with the server's own words. */
export function databaseError(error: unknown): WalhookError {
  if (error instanceof WalhookError) return error;
  if (!(error instanceof Error)) return new WalhookError('internal', String(error));
  const first =
    error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = sqlState(first);
  const { message } = first;
  if (code !== null && TLS_CODES.test(code))
    return failure('database_tls_failed', first, code, error);
  const meaning =
    firstMatch(code === '55000' ? MEANING_OF_55000 : [], message) ??
    firstMatch(code === '42704' ? MEANING_OF_42704 : [], message) ??
    (code === null ? undefined : MEANING[code]) ??
    firstMatch(code === null || code.length !== 5 ? MEANING_BY_MESSAGE : [], message) ??
    'database_query_failed';
  return failure(meaning, first, code, error);
}

function failure(
  meaning: ErrorCode,
  { message, name }: Error,
  code: string | null,
  cause: Error,
): WalhookError {
  return new WalhookError(meaning, message === '' ? (code ?? name) : message, {
    detail: code ?? undefined,
    cause,
  });
}

/** The SQLSTATE or system code that an error carries. */
export function sqlState(error: unknown): string | null {
  if (error instanceof WalhookError)
    return error.cause === undefined ? null : sqlState(error.cause);
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

function firstMatch(
  table: readonly (readonly [RegExp, ErrorCode])[],
  message: string,
): ErrorCode | undefined {
  return table.find(([pattern]) => pattern.test(message))?.[1];
}
