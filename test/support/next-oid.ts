import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';

const SEGMENT_BYTES = 16n << 20n;
const PAGE_BYTES = 8192;
/** Of a record's header: its length, and where its checksum stands. */
const HEADER_BYTES = 24;
const CRC_AT = 20;
/** Behind the header come the kind and length of the data, then the checkpoint. */
const CHECKPOINT_IN_RECORD = HEADER_BYTES + 2;
/** In the control file: where in the WAL the checkpoint is, and the checkpoint again. */
const LSN_IN_CONTROL = 32;
const CHECKPOINT_IN_CONTROL = 40;
const NEXT_OID_IN_CHECKPOINT = 32;

/**
 * Has the server give out object ids from `oid` on, as one that has been at work for years: by its
 * last checkpoint, which servers up to 14 read from the WAL, and later ones from the control file.
 * pg_resetwal does it elsewhere; the npm package has none.
 */
export async function setNextOid(server: EmbeddedServer, oid: number): Promise<void> {
  await server.stop('fast');
  const controlFile = join(server.dataDirectory, 'global', 'pg_control');
  const control = await readFile(controlFile);
  const lsn = control.readBigUInt64LE(LSN_IN_CONTROL);
  const crcAt = whereChecksumIs(control);
  control.writeUInt32LE(oid, CHECKPOINT_IN_CONTROL + NEXT_OID_IN_CHECKPOINT);
  control.writeUInt32LE(checksum(control.subarray(0, crcAt)), crcAt);
  await overwrite(controlFile, control, 0);

  const isSet = server.majorVersion >= 15 || (await setInRecord(server, lsn, oid));
  await server.start();
  if (!isSet) await setNextOid(server, oid);
}

/** False where the record goes over two pages: the next checkpoint's is elsewhere. */
async function setInRecord(server: EmbeddedServer, lsn: bigint, oid: number): Promise<boolean> {
  const file = join(server.dataDirectory, 'pg_wal', segmentName(lsn, 1));
  const at = Number(lsn % SEGMENT_BYTES);
  const segment = await readFile(file);
  const record = segment.subarray(at, at + segment.readUInt32LE(at));
  if ((at % PAGE_BYTES) + record.length > PAGE_BYTES) return false;
  if (record.readUInt32LE(CRC_AT) !== recordChecksum(record)) {
    throw new Error('this is no record, or one of another layout');
  }
  record.writeUInt32LE(oid, CHECKPOINT_IN_RECORD + NEXT_OID_IN_CHECKPOINT);
  record.writeUInt32LE(recordChecksum(record), CRC_AT);
  await overwrite(file, record, at);
  return true;
}

async function overwrite(file: string, bytes: Buffer, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/** It ends the control file's contents, whose length depends on the version. */
function whereChecksumIs(control: Buffer): number {
  for (let at = CHECKPOINT_IN_CONTROL; at < 512; at += 4) {
    if (control.readUInt32LE(at) === checksum(control.subarray(0, at))) return at;
  }
  throw new Error('the control file is of another layout');
}

function segmentName(lsn: bigint, timeline: number): string {
  const number = lsn / SEGMENT_BYTES;
  const perId = 0x1_0000_0000n / SEGMENT_BYTES;
  return [BigInt(timeline), number / perId, number % perId]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Of the data first, then of the header up to the checksum. */
function recordChecksum(record: Buffer): number {
  return checksum(Buffer.concat([record.subarray(HEADER_BYTES), record.subarray(0, CRC_AT)]));
}

/** CRC-32C. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
