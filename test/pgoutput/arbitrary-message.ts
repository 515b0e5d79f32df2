import * as fc from 'fast-check';
import { type Lsn, toLsn } from '../../src/pgoutput/lsn.ts';
import type {
  Begin,
  BeginPrepare,
  Commit,
  CommitPrepared,
  Delete,
  Insert,
  LogicalMessage,
  Origin,
  Prepare,
  Relation,
  RollbackPrepared,
  StreamAbort,
  StreamCommit,
  StreamPrepare,
  StreamStart,
  Truncate,
  TypeName,
  Update,
  Message,
} from '../../src/pgoutput/messages.ts';
import type { Tuple } from '../../src/pgoutput/tuple.ts';
import { type ColumnValue, tupleOf } from './tuple-of.ts';

const lsn: fc.Arbitrary<Lsn> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(toLsn);
const timestamp = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xffffffff));
const flags = fc.integer({ min: 0, max: 255 });
const gid = fc.string({ unit: 'binary', maxLength: 20 }).map(withoutZero);
/** Any Unicode, which also has the byte order mark and what lies beyond 16 bits; only not the zero. */
const name = fc.string({ unit: 'binary', maxLength: 12 }).map(withoutZero);
const schema = fc.oneof(
  name.filter((text) => text !== ''),
  fc.constant('pg_catalog'),
);

const columnValue: fc.Arbitrary<ColumnValue> = fc.oneof(
  fc.constant(null),
  fc.constant('unchanged' as const),
  fc.record({
    form: fc.constantFrom('text' as const, 'binary' as const),
    bytes: fc.uint8Array({ maxLength: 40 }),
  }),
);
const tuple: fc.Arbitrary<Tuple> = fc.array(columnValue, { maxLength: 12 }).map(tupleOf);
const oldTuple = fc.record({ kind: fc.constantFrom('key' as const, 'full' as const), tuple });

function withoutZero(text: string): string {
  return text.replaceAll('\0', '');
}

/** What may stand inside a stream's segment, where `xid` says whose it is, and outside of one. */
export function arbitraryChange(place: 'streamed' | 'outside'): fc.Arbitrary<Message> {
  const xid: fc.Arbitrary<number | null> = place === 'streamed' ? uint32 : fc.constant(null);
  const column = fc.record({
    name,
    typeOid: uint32,
    typeModifier: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    isKey: fc.boolean(),
  });
  return fc.oneof(
    fc.record<Relation>({
      kind: fc.constant('relation'),
      xid,
      relationId: uint32,
      schema,
      table: name,
      replicaIdentity: fc.constantFrom('default', 'nothing', 'full', 'index'),
      columns: fc.array(column, { maxLength: 10 }),
    }),
    fc.record<TypeName>({ kind: fc.constant('type'), xid, typeOid: uint32, schema, name }),
    fc.record<Insert>({ kind: fc.constant('insert'), xid, relationId: uint32, new: tuple }),
    fc.record<Update>({
      kind: fc.constant('update'),
      xid,
      relationId: uint32,
      old: fc.option(oldTuple, { nil: null }),
      new: tuple,
    }),
    fc.record<Delete>({ kind: fc.constant('delete'), xid, relationId: uint32, old: oldTuple }),
    fc.record<Truncate>({
      kind: fc.constant('truncate'),
      xid,
      relationIds: fc.array(uint32, { maxLength: 6 }),
      cascade: fc.boolean(),
      restartIdentity: fc.boolean(),
    }),
    fc.record<LogicalMessage>({
      kind: fc.constant('message'),
      xid,
      transactional: fc.boolean(),
      lsn,
      prefix: name,
      content: fc.uint8Array({ maxLength: 60 }),
    }),
  );
}

/** Every kind of message that may stand outside a stream's segment. */
export function arbitraryMessage(): fc.Arbitrary<Message> {
  const prepared = { flags, prepareLsn: lsn, endLsn: lsn, preparedAt: timestamp, xid: uint32, gid };
  return fc.oneof(
    { weight: 7, arbitrary: arbitraryChange('outside') },
    fc.record<Begin>({
      kind: fc.constant('begin'),
      commitLsn: lsn,
      committedAt: timestamp,
      xid: uint32,
    }),
    fc.record<Commit>({
      kind: fc.constant('commit'),
      flags,
      commitLsn: lsn,
      endLsn: lsn,
      committedAt: timestamp,
    }),
    fc.record<Origin>({ kind: fc.constant('origin'), commitLsn: lsn, name }),
    fc.record<StreamStart>({
      kind: fc.constant('stream-start'),
      xid: uint32,
      firstSegment: fc.boolean(),
    }),
    fc.record<StreamCommit>({
      kind: fc.constant('stream-commit'),
      xid: uint32,
      flags,
      commitLsn: lsn,
      endLsn: lsn,
      committedAt: timestamp,
    }),
    fc.record<StreamAbort>({
      kind: fc.constant('stream-abort'),
      xid: uint32,
      subXid: uint32,
      abort: fc.option(fc.record({ lsn, at: timestamp }), { nil: null }),
    }),
    fc.record<BeginPrepare>({
      kind: fc.constant('begin-prepare'),
      prepareLsn: lsn,
      endLsn: lsn,
      preparedAt: timestamp,
      xid: uint32,
      gid,
    }),
    fc.record<Prepare>({ kind: fc.constant('prepare'), ...prepared }),
    fc.record<StreamPrepare>({ kind: fc.constant('stream-prepare'), ...prepared }),
    fc.record<CommitPrepared>({
      kind: fc.constant('commit-prepared'),
      flags,
      commitLsn: lsn,
      endLsn: lsn,
      committedAt: timestamp,
      xid: uint32,
      gid,
    }),
    fc.record<RollbackPrepared>({
      kind: fc.constant('rollback-prepared'),
      flags,
      prepareEndLsn: lsn,
      rollbackEndLsn: lsn,
      preparedAt: timestamp,
      rolledBackAt: timestamp,
      xid: uint32,
      gid,
    }),
  );
}
