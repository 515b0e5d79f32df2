import { type Lsn, toLsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';

/**
 * What stands at the beginning of a WAL page, before its first record; the first page of a segment
 * begins with the longer one.
 * @see src/include/access/xlog_internal.h (XLogPageHeaderData, XLogLongPageHeaderData) of Postgres
 */
const PAGE_HEADER_BYTES = 24n;
const LONG_PAGE_HEADER_BYTES = 40n;

type Sizes = { readonly page: string; readonly segment: string };

/** Where the record begins that follows one which ends at `end`. */
export async function commitRecordAt(connection: Connection, end: Lsn): Promise<Lsn> {
  const [sizes] = await query<Sizes>(
    connection,
    `select current_setting('wal_block_size') as page,
            pg_size_bytes(current_setting('wal_segment_size'))::text as segment`,
  );
  if (end % BigInt(sizes!.segment) === 0n) return toLsn(end + LONG_PAGE_HEADER_BYTES);
  if (end % BigInt(sizes!.page) === 0n) return toLsn(end + PAGE_HEADER_BYTES);
  return end;
}
