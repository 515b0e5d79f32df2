import { types } from 'pg';
import { PgoutputPlugin } from 'pg-logical-replication';

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/**
 * The same events by the npm package's PgoutputParser, which its plugin calls, and JSON.stringify:
 * each is a string in `onEvent`.
 */
export function decodeByParser(messages, onEvent) {
  useCheaperTypeParsers();
  const parser = new PgoutputPlugin({ protoVersion: 1, publicationNames: ['walhook'] });
  let transaction = null;
  let seq = 0;
  for (const { bytes, lsn } of messages) {
    const message = parser.parse(bytes);
    switch (message.tag) {
      case 'begin':
        transaction = describeTransaction(message);
        seq = 0;
        break;
      case 'insert':
      case 'update':
      case 'delete':
        onEvent(JSON.stringify(toEvent(message, transaction, seq, lsn)));
        seq += 1;
        break;
      default:
        break;
    }
  }
}

/** They take the place of pg's own, which make a string and a Date, and lead to the wanted JSON. */
function useCheaperTypeParsers() {
  types.setTypeParser(INT8, Number);
  types.setTypeParser(TIMESTAMPTZ, (text) => {
    const time = text.slice(11, -3);
    const micros = time.length === 8 ? `${time}.000000` : time.padEnd(15, '0');
    return `${text.slice(0, 10)}T${micros}Z`;
  });
}

function describeTransaction({ commitLsn, commitTime, xid }) {
  const micros = String(commitTime % 1_000_000n).padStart(6, '0');
  const seconds = new Date(Number(commitTime / 1_000n)).toISOString().slice(0, 19);
  return {
    idStart: `${commitLsn.replace('/', '')}-`,
    xid,
    commitLsn: commitLsn.replaceAll(/\b0+(?=\w)/g, ''),
    committedAt: `${seconds}.${micros}Z`,
  };
}

function toEvent(message, transaction, seq, lsn) {
  const { tag, relation, old, key, new: current = null } = message;
  return {
    id: transaction.idStart + seq.toString(16).toUpperCase().padStart(8, '0'),
    op: tag,
    schema: relation.schema,
    table: relation.name,
    key: { id: (current ?? key ?? old).id },
    before: old ?? key ?? null,
    after: current,
    unchanged: [],
    xid: transaction.xid,
    lsn,
    commit_lsn: transaction.commitLsn,
    seq,
    committed_at: transaction.committedAt,
  };
}
