import { describe, expect, test } from 'vitest';
import { PgoutputDecoder } from '../../src/pgoutput/decoder.ts';
import { formatLsn } from '../../src/pgoutput/lsn.ts';
import type { Message } from '../../src/pgoutput/messages.ts';
import { postgresTimestamp } from '../../src/pgoutput/timestamp.ts';
import {
  type Capture,
  type CapturedServer,
  type MajorVersion,
  findCapture,
  MAJOR_VERSIONS,
  protocolVersionOf,
  readCaptures,
} from './captured-messages.ts';
import { MessageDescriber } from './describe-message.ts';
import {
  CHANGES,
  LARGE_PREPARED,
  SMALL_PREPARED,
  streamedRest,
  streamedStart,
} from './scenario-messages.ts';

const IN_EVERY_VERSION: readonly Message['kind'][] = [
  'begin',
  'commit',
  'origin',
  'relation',
  'type',
  'insert',
  'update',
  'delete',
  'truncate',
  'message',
  'stream-start',
  'stream-stop',
  'stream-commit',
  'stream-abort',
];
const SINCE_15: readonly Message['kind'][] = [
  'begin-prepare',
  'prepare',
  'commit-prepared',
  'rollback-prepared',
  'stream-prepare',
];

function decodeCapture(capture: Capture): Message[] {
  const decoder = new PgoutputDecoder({ protocolVersion: protocolVersionOf(capture) });
  return capture.rows.map(([, , data]) => decoder.decode(Buffer.from(data, 'hex')));
}

function since(majorVersion: MajorVersion): MajorVersion[] {
  return MAJOR_VERSIONS.filter((candidate) => candidate >= majorVersion);
}

function ofKind<K extends Message['kind']>(messages: Message[], kind: K) {
  return messages.filter((message): message is Extract<Message, { kind: K }> => {
    return message.kind === kind;
  });
}

function describeCapture(server: CapturedServer, name: string): string[] {
  const describer = new MessageDescriber(server.facts.xids);
  return decodeCapture(findCapture(server, name)).map((message) => describer.describe(message));
}

describe.each(MAJOR_VERSIONS)('the messages of a PostgreSQL %i server', (majorVersion) => {
  const server = readCaptures(majorVersion);
  const { facts } = server;

  test('hold every kind that the version has', () => {
    const kinds = new Set(server.captures.flatMap(decodeCapture).map((message) => message.kind));
    const expected = majorVersion >= 15 ? [...IN_EVERY_VERSION, ...SINCE_15] : IN_EVERY_VERSION;

    expect([...kinds].sort()).toEqual([...expected].sort());
  });

  test('tell of every change, under each replica identity, as it was made', () => {
    expect(describeCapture(server, 'changes')).toEqual(CHANGES);
  });

  test('tell of the same changes in binary form', () => {
    const capture = findCapture(server, 'binary');
    const [first, second] = ofKind(decodeCapture(capture), 'insert');

    expect(first!.new.isBinary(0)).toBe(true);
    expect(Buffer.from(first!.new.valueBytes(0)!).readBigInt64BE()).toBe(1n);
    expect(Buffer.from(first!.new.valueBytes(1)!).toString()).toBe('Zoë');
    expect([...first!.new.valueBytes(6)!]).toEqual([1]);
    expect(second!.new.valueBytes(1)).toHaveLength(0);
    expect(second!.new.isNull(2)).toBe(true);
  });

  test('name tables, types and columns by the OIDs of the catalog', () => {
    const messages = decodeCapture(findCapture(server, 'changes'));
    const relations = ofKind(messages, 'relation');
    const found = relations.map(({ schema, table, relationId }) => [
      `${schema}.${table}`,
      relationId,
    ]);
    const customer = relations[0]!;

    const { 'public.ballast': _unpublished, ...published } = facts.relations;
    expect(Object.fromEntries(found)).toEqual(published);
    expect(customer.columns.map(({ typeOid }) => typeOid)).toEqual([
      20, // int8
      1043, // varchar
      facts.types['Größe.Laune'],
      facts.types['public.point_of_sale'],
      facts.types['Größe.Kürzel'],
      1700, // numeric
      16, // bool
      25, // text
    ]);
    // A domain is announced by its own OID and its base type's name.
    expect(ofKind(messages, 'type').slice(0, 3)).toEqual([
      {
        kind: 'type',
        xid: null,
        typeOid: facts.types['Größe.Laune'],
        schema: 'Größe',
        name: 'Laune',
      },
      {
        kind: 'type',
        xid: null,
        typeOid: facts.types['public.point_of_sale'],
        schema: 'public',
        name: 'point_of_sale',
      },
      {
        kind: 'type',
        xid: null,
        typeOid: facts.types['Größe.Kürzel'],
        schema: 'pg_catalog',
        name: 'text',
      },
    ]);
  });

  test('place and date each transaction as the server does', () => {
    const capture = findCapture(server, 'changes');
    const messages = decodeCapture(capture);
    const begins = ofKind(messages, 'begin');
    const commits = ofKind(messages, 'commit');
    const names = ['rows', 'identities', 'altered', 'truncates', 'messages', 'origin'];

    expect(begins.map(({ xid }) => xid)).toEqual(names.map((name) => facts.xids[name]));
    expect(begins.map(({ committedAt }) => postgresTimestamp(committedAt))).toEqual(
      names.map((name) => facts.committedAt[name]),
    );
    expect(commits.map(({ commitLsn, committedAt }) => ({ commitLsn, committedAt }))).toEqual(
      begins.map(({ commitLsn, committedAt }) => ({ commitLsn, committedAt })),
    );
    // The peek function gives a commit the LSN of the first byte after its record.
    const commitRows = capture.rows.filter((_, row) => messages[row]!.kind === 'commit');
    expect(commits.map(({ endLsn }) => formatLsn(endLsn))).toEqual(commitRows.map(([lsn]) => lsn));
    expect(formatLsn(ofKind(messages, 'origin')[0]!.commitLsn)).toBe('A/BCDEF01');
  });

  test('tell of a large transaction in segments, with what was rolled back marked', () => {
    const expected = [
      ...streamedStart('large', 'stream-abort part'),
      ...streamedRest('large'),
      'large: stream-commit',
    ];
    if (majorVersion <= 17) {
      // From 18 on, a transaction that is known to have been rolled back is not sent at all.
      expected.push(...streamedStart('aborted', 'stream-abort part'), 'stream-stop');
      expected.push('aborted: stream-abort part', 'aborted: stream-abort whole');
    }

    expect(describeCapture(server, 'streaming')).toEqual(expected);
  });
});

describe.each(since(16))(
  'the messages of a PostgreSQL %i server, streaming parallel,',
  (majorVersion) => {
    const server = readCaptures(majorVersion);
    const { facts } = server;

    test('date a rollback', () => {
      const messages = decodeCapture(findCapture(server, 'parallel'));
      const abort = ofKind(messages, 'stream-abort')[0]!;
      const commit = ofKind(messages, 'stream-commit')[0]!;

      expect(
        describeCapture(server, 'parallel').slice(0, streamedStart('large', '').length),
      ).toEqual(streamedStart('large', 'stream-abort part with time'));
      expect(abort.xid).toBe(facts.xids['large']);
      expect(abort.subXid).not.toBe(abort.xid);
      expect(abort.abort!.lsn).toBeLessThan(commit.commitLsn);
      expect(abort.abort!.at).toBeLessThan(commit.committedAt);
      // The transactions before it lie in the same few milliseconds.
      const begun = decodeCapture(findCapture(server, 'changes'));
      expect(abort.abort!.at).toBeGreaterThan(ofKind(begun, 'begin')[0]!.committedAt);
    });
  },
);

describe.each(since(15))(
  'the messages of a PostgreSQL %i server, with two-phase commit,',
  (majorVersion) => {
    const server = readCaptures(majorVersion);
    const { facts } = server;

    test('tell of prepared transactions and what became of them', () => {
      expect(describeCapture(server, 'two-phase')).toEqual([...SMALL_PREPARED, ...LARGE_PREPARED]);

      const messages = decodeCapture(findCapture(server, 'two-phase'));
      const prepares = ofKind(messages, 'prepare');
      const kept = ofKind(messages, 'commit-prepared')[0]!;
      const dropped = ofKind(messages, 'rollback-prepared')[0]!;
      expect(postgresTimestamp(kept.committedAt)).toBe(facts.committedAt['kept']);
      expect(kept.commitLsn).toBeGreaterThanOrEqual(prepares[0]!.endLsn);
      expect(dropped.prepareEndLsn).toBe(prepares[1]!.endLsn);
      expect(dropped.preparedAt).toBe(prepares[1]!.preparedAt);
      expect(dropped.rolledBackAt).toBeGreaterThan(dropped.preparedAt);
      expect(dropped.rollbackEndLsn).toBeGreaterThan(dropped.prepareEndLsn);
    });

    test('tell of a large prepared transaction in segments', () => {
      expect(describeCapture(server, 'two-phase streaming')).toEqual([
        ...SMALL_PREPARED,
        ...streamedStart('largePrepared', 'stream-abort part'),
        ...streamedRest('largePrepared'),
        'largePrepared: stream-prepare large',
        'largePrepared: commit-prepared large',
      ]);
    });
  },
);
