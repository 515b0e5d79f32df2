import type { Message, Relation } from '../../src/pgoutput/messages.ts';
import type { Tuple } from '../../src/pgoutput/tuple.ts';

/**
 * A message as one readable line, with names instead of what differs from server to server: table
 * names for OIDs, and for transaction ids the names that the scenario gave to its transactions.
 */
export class MessageDescriber {
  readonly #relations = new Map<number, Relation>();
  readonly #transactions: ReadonlyMap<number, string>;

  constructor(xids: Readonly<Record<string, number>>) {
    this.#transactions = new Map(Object.entries(xids).map(([name, xid]) => [xid, name]));
  }

  describe(message: Message): string {
    const text = this.#describeKind(message);
    return 'xid' in message && message.xid !== null
      ? `${this.#transaction(message.xid)}: ${text}`
      : text;
  }

  #describeKind(message: Message): string {
    switch (message.kind) {
      case 'relation':
        this.#relations.set(message.relationId, message);
        return `relation ${describeRelation(message)}`;
      case 'type':
        return `type ${message.schema}.${message.name}`;
      case 'insert':
        return `insert ${this.#table(message.relationId)} ${describeTuple(message.new)}`;
      case 'update': {
        const old = message.old && `${message.old.kind} ${describeTuple(message.old.tuple)} -> `;
        return `update ${this.#table(message.relationId)} ${old ?? ''}${describeTuple(message.new)}`;
      }
      case 'delete': {
        const { kind, tuple } = message.old;
        return `delete ${this.#table(message.relationId)} ${kind} ${describeTuple(tuple)}`;
      }
      case 'truncate': {
        const tables = message.relationIds.map((id) => this.#table(id)).join(', ');
        const flags = `${message.cascade ? ' cascade' : ''}${message.restartIdentity ? ' restart identity' : ''}`;
        return `truncate ${tables}${flags}`;
      }
      case 'message': {
        const content = Buffer.from(message.content).toString('latin1');
        const when = message.transactional ? 'transactional' : 'at once';
        return `message ${when} ${JSON.stringify(message.prefix)} ${JSON.stringify(content)}`;
      }
      case 'origin':
        return `origin ${message.name}`;
      case 'stream-start':
        return message.firstSegment ? 'stream-start first' : 'stream-start';
      case 'stream-abort': {
        const whole = message.xid === message.subXid ? 'whole' : 'part';
        return `stream-abort ${whole}${message.abort === null ? '' : ' with time'}`;
      }
      case 'begin-prepare':
      case 'prepare':
      case 'stream-prepare':
      case 'commit-prepared':
      case 'rollback-prepared':
        return `${message.kind} ${message.gid}`;
      default:
        return message.kind;
    }
  }

  #table(relationId: number): string {
    return this.#relations.get(relationId)?.table ?? '(unknown relation)';
  }

  #transaction(xid: number): string {
    // Subtransactions have ids of their own, which nobody named.
    return this.#transactions.get(xid) ?? 'sub';
  }
}

function describeRelation(relation: Relation): string {
  const columns = relation.columns.map(
    ({ name, isKey, typeModifier }) =>
      `${isKey ? '*' : ''}${name}${typeModifier === -1 ? '' : `[${typeModifier}]`}`,
  );
  return `${relation.schema}.${relation.table} ${relation.replicaIdentity} (${columns.join(' ')})`;
}

function describeTuple(tuple: Tuple): string {
  const values = Array.from({ length: tuple.columnCount }, (_, column) => {
    if (tuple.isNull(column)) return 'null';
    if (tuple.isUnchanged(column)) return 'unchanged';
    const bytes = Buffer.from(tuple.valueBytes(column)!);
    if (tuple.isBinary(column)) return `\\x${bytes.toString('hex')}`;
    const text = bytes.toString('utf8');
    return text.length > 100 ? `'${text.slice(0, 2)}… ${text.length}'` : `'${text}'`;
  });
  return `(${values.join(', ')})`;
}
