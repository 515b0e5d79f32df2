import type { Cursor } from './cursor.ts';
import type { Relation, RelationColumn, ReplicaIdentity, TypeName } from './messages.ts';

const KEY_COLUMN = 1;
/** Flags, an empty name's zero byte, the type's OID and its modifier. */
const SHORTEST_COLUMN = 10;

export function readRelation(cursor: Cursor, xid: number | null): Relation {
  return {
    kind: 'relation',
    xid,
    relationId: cursor.uint32(),
    schema: readSchema(cursor),
    table: cursor.text(),
    replicaIdentity: readReplicaIdentity(cursor),
    columns: readColumns(cursor),
  };
}

export function readTypeName(cursor: Cursor, xid: number | null): TypeName {
  return {
    kind: 'type',
    xid,
    typeOid: cursor.uint32(),
    schema: readSchema(cursor),
    name: cursor.text(),
  };
}

/** The protocol abbreviates pg_catalog to nothing. */
function readSchema(cursor: Cursor): string {
  const schema = cursor.text();
  return schema === '' ? 'pg_catalog' : schema;
}

function readReplicaIdentity(cursor: Cursor): ReplicaIdentity {
  switch (cursor.byte()) {
    case 0x64: // 'd'
      return 'default';
    case 0x6e: // 'n'
      return 'nothing';
    case 0x66: // 'f'
      return 'full';
    case 0x69: // 'i'
      return 'index';
    default:
      return cursor.fail('the replica identity is of no known kind');
  }
}

function readColumns(cursor: Cursor): RelationColumn[] {
  const columnCount = cursor.uint16();
  if (columnCount * SHORTEST_COLUMN > cursor.end - cursor.position) {
    cursor.fail('it claims more columns than it has bytes');
  }
  const columns: RelationColumn[] = [];
  for (let i = 0; i < columnCount; i++) {
    const flags = cursor.byte();
    columns.push({
      name: cursor.text(),
      typeOid: cursor.uint32(),
      typeModifier: cursor.int32(),
      isKey: (flags & KEY_COLUMN) !== 0,
    });
  }
  return columns;
}
