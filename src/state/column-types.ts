import { customType } from 'drizzle-orm/pg-core';
import { formatLsn, type Lsn, parseLsn } from '../pgoutput/lsn.ts';

export const pgLsn = customType<{ data: Lsn; driverData: string }>({
  dataType: () => 'pg_lsn',
  fromDriver: parseLsn,
  toDriver: formatLsn,
});

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  // A plain view: a Buffer would compare and print differently from what was handed in.
  fromDriver: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  toDriver: (bytes) => bytes,
});
