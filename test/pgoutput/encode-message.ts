import type { Message, ReplicaIdentity } from '../../src/pgoutput/messages.ts';
import { WireWriter } from './wire-writer.ts';

const REPLICA_IDENTITY: Record<ReplicaIdentity, string> = {
  default: 'd',
  nothing: 'n',
  full: 'f',
  index: 'i',
};

/** The bytes that a server would send for a message: what the decoder reads back. */
export function encodeMessage(message: Message): Uint8Array {
  const wire = new WireWriter();
  writeMessage(wire, message);
  return wire.toBytes();
}

function writeMessage(wire: WireWriter, message: Message): WireWriter {
  switch (message.kind) {
    case 'begin':
      return wire.byte('B').int64(message.commitLsn).int64(message.committedAt).uint32(message.xid);
    case 'commit':
      return wire
        .byte('C')
        .byte(message.flags)
        .int64(message.commitLsn)
        .int64(message.endLsn)
        .int64(message.committedAt);
    case 'origin':
      return wire.byte('O').int64(message.commitLsn).text(message.name);
    case 'relation':
      wire
        .byte('R')
        .optionalXid(message.xid)
        .uint32(message.relationId)
        .text(schemaOnTheWire(message.schema))
        .text(message.table)
        .byte(REPLICA_IDENTITY[message.replicaIdentity])
        .uint16(message.columns.length);
      for (const column of message.columns) {
        wire
          .byte(column.isKey ? 1 : 0)
          .text(column.name)
          .uint32(column.typeOid)
          .int32(column.typeModifier);
      }
      return wire;
    case 'type':
      return wire
        .byte('Y')
        .optionalXid(message.xid)
        .uint32(message.typeOid)
        .text(schemaOnTheWire(message.schema))
        .text(message.name);
    case 'insert':
      return wire
        .byte('I')
        .optionalXid(message.xid)
        .uint32(message.relationId)
        .byte('N')
        .tuple(message.new);
    case 'update':
      wire.byte('U').optionalXid(message.xid).uint32(message.relationId);
      if (message.old !== null) {
        wire.byte(message.old.kind === 'key' ? 'K' : 'O').tuple(message.old.tuple);
      }
      return wire.byte('N').tuple(message.new);
    case 'delete':
      return wire
        .byte('D')
        .optionalXid(message.xid)
        .uint32(message.relationId)
        .byte(message.old.kind === 'key' ? 'K' : 'O')
        .tuple(message.old.tuple);
    case 'truncate':
      wire
        .byte('T')
        .optionalXid(message.xid)
        .uint32(message.relationIds.length)
        .byte((message.cascade ? 1 : 0) | (message.restartIdentity ? 2 : 0));
      for (const relationId of message.relationIds) wire.uint32(relationId);
      return wire;
    case 'message':
      return wire
        .byte('M')
        .optionalXid(message.xid)
        .byte(message.transactional ? 1 : 0)
        .int64(message.lsn)
        .text(message.prefix)
        .uint32(message.content.length)
        .raw(message.content);
    case 'stream-start':
      return wire
        .byte('S')
        .uint32(message.xid)
        .byte(message.firstSegment ? 1 : 0);
    case 'stream-stop':
      return wire.byte('E');
    case 'stream-commit':
      return wire
        .byte('c')
        .uint32(message.xid)
        .byte(message.flags)
        .int64(message.commitLsn)
        .int64(message.endLsn)
        .int64(message.committedAt);
    case 'stream-abort':
      wire.byte('A').uint32(message.xid).uint32(message.subXid);
      if (message.abort !== null) wire.int64(message.abort.lsn).int64(message.abort.at);
      return wire;
    case 'begin-prepare':
      return wire
        .byte('b')
        .int64(message.prepareLsn)
        .int64(message.endLsn)
        .int64(message.preparedAt)
        .uint32(message.xid)
        .text(message.gid);
    case 'prepare':
    case 'stream-prepare':
      return wire
        .byte(message.kind === 'prepare' ? 'P' : 'p')
        .byte(message.flags)
        .int64(message.prepareLsn)
        .int64(message.endLsn)
        .int64(message.preparedAt)
        .uint32(message.xid)
        .text(message.gid);
    case 'commit-prepared':
      return wire
        .byte('K')
        .byte(message.flags)
        .int64(message.commitLsn)
        .int64(message.endLsn)
        .int64(message.committedAt)
        .uint32(message.xid)
        .text(message.gid);
    case 'rollback-prepared':
      return wire
        .byte('r')
        .byte(message.flags)
        .int64(message.prepareEndLsn)
        .int64(message.rollbackEndLsn)
        .int64(message.preparedAt)
        .int64(message.rolledBackAt)
        .uint32(message.xid)
        .text(message.gid);
  }
}

function schemaOnTheWire(schema: string): string {
  return schema === 'pg_catalog' ? '' : schema;
}
