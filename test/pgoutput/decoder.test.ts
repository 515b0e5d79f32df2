import { describe, expect, test } from 'vitest';
import { PgoutputDecoder, type ProtocolVersion } from '../../src/pgoutput/decoder.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import type { Insert, Message } from '../../src/pgoutput/messages.ts';
import { PgoutputError } from '../../src/pgoutput/pgoutput-error.ts';
import { encodeMessage } from './encode-message.ts';
import { tupleOf, valuesOf } from './tuple-of.ts';
import { WireWriter } from './wire-writer.ts';

const text = (value: string) => ({ form: 'text', bytes: new TextEncoder().encode(value) }) as const;

const INSERT: Insert = {
  kind: 'insert',
  xid: null,
  relationId: 0xfffffff0,
  new: tupleOf([text('1'), null, 'unchanged', text('')]),
};
const STREAM_START: Message = { kind: 'stream-start', xid: 9, firstSegment: true };
const STREAM_STOP: Message = { kind: 'stream-stop' };

function refusal(bytes: Uint8Array, decoder = new PgoutputDecoder()): PgoutputError {
  try {
    decoder.decode(bytes);
  } catch (error) {
    if (error instanceof PgoutputError) return error;
    throw error;
  }
  throw new Error('the bytes were decoded');
}

function tooLong(message: Message): Uint8Array {
  return Buffer.concat([encodeMessage(message), Buffer.of(0)]);
}

function insertHeader(columnCount: number): WireWriter {
  return new WireWriter().byte('I').uint32(1).byte('N').uint16(columnCount);
}

describe('a decoded row', () => {
  test('is a view over the bytes that it was read from', () => {
    const message = encodeMessage(INSERT);
    const bytes = Buffer.concat([Buffer.from('before'), message, Buffer.from('after')]);

    const decoded = new PgoutputDecoder().decode(bytes, 6, 6 + message.length) as Insert;

    expect(decoded.new.bytes).toBe(bytes);
    expect(decoded.new.bounds).toEqual([19, 20, -1, -1, -2, -2, 27, 27]);
    expect(valuesOf(decoded.new)).toEqual(valuesOf(INSERT.new));
  });

  test('belongs to a relation whose OID is past 2^31', () => {
    expect(new PgoutputDecoder().decode(encodeMessage(INSERT))).toMatchObject({
      relationId: 0xfffffff0,
    });
  });
});

describe('a stream', () => {
  test('gives a row its transaction between its start and its stop only', () => {
    const decoder = new PgoutputDecoder();
    const streamed = encodeMessage({ ...INSERT, xid: 0xffffffff });

    decoder.decode(encodeMessage(STREAM_START));
    expect(decoder.decode(streamed)).toMatchObject({ xid: 0xffffffff, relationId: 0xfffffff0 });
    decoder.decode(encodeMessage(STREAM_STOP));
    expect(decoder.decode(encodeMessage(INSERT))).toMatchObject({ xid: null });
  });

  test('that was left open is forgotten by reset', () => {
    const decoder = new PgoutputDecoder();
    decoder.decode(encodeMessage(STREAM_START));

    decoder.reset();

    expect(decoder.decode(encodeMessage(INSERT))).toMatchObject({ xid: null });
  });

  test('cannot start inside another, nor stop without a start', () => {
    const decoder = new PgoutputDecoder();

    expect(refusal(encodeMessage(STREAM_STOP), decoder).tag).toBe('E');
    decoder.decode(encodeMessage(STREAM_START));
    expect(refusal(encodeMessage(STREAM_START), decoder).tag).toBe('S');
  });

  test('neither starts nor stops by a malformed message', () => {
    const decoder = new PgoutputDecoder();

    refusal(tooLong(STREAM_START), decoder);
    expect(decoder.decode(encodeMessage(INSERT))).toMatchObject({ xid: null });

    decoder.decode(encodeMessage(STREAM_START));
    refusal(tooLong(STREAM_STOP), decoder);
    expect(decoder.decode(encodeMessage({ ...INSERT, xid: 3 }))).toMatchObject({ xid: 3 });
  });
});

describe('a message of a newer protocol version', () => {
  const prepared = {
    flags: 0,
    prepareLsn: toLsn(1n),
    endLsn: toLsn(2n),
    preparedAt: 3n,
    xid: 4,
    gid: 'g',
  };
  const cases: [ProtocolVersion, Message][] = [
    [2, STREAM_START],
    [2, { kind: 'stream-abort', xid: 1, subXid: 2, abort: null }],
    [3, { kind: 'prepare', ...prepared }],
    [3, { kind: 'stream-prepare', ...prepared }],
    [4, { kind: 'stream-abort', xid: 1, subXid: 2, abort: { lsn: toLsn(5n), at: 6n } }],
  ];

  test.each(cases)('(version %i, %o) is refused by the version before', (version, message) => {
    const older = new PgoutputDecoder({ protocolVersion: (version - 1) as ProtocolVersion });
    const same = new PgoutputDecoder({ protocolVersion: version });

    expect(() => older.decode(encodeMessage(message))).toThrow(PgoutputError);
    expect(same.decode(encodeMessage(message))).toEqual(message);
  });
});

describe('a malformed message', () => {
  test('is refused with its tag, the place and what is wrong', () => {
    const error = refusal(insertHeader(2).byte('n').byte('x').toBytes());

    expect(error).toMatchObject({
      name: 'PgoutputError',
      code: 'pgoutput_malformed',
      tag: 'I',
      offset: 9,
      message: "malformed pgoutput message 'I' at byte 9: column 2 of a row is of no known kind",
    });
  });

  test('has its offset counted from its own start', () => {
    const bytes = Buffer.concat([Buffer.alloc(100), insertHeader(1).byte('x').toBytes()]);

    expect(() => new PgoutputDecoder().decode(bytes, 100)).toThrow('at byte 8:');
  });

  test.each([
    ['more columns than bytes', insertHeader(0xffff).byte('n'), 'more columns than it has bytes'],
    ['a value of 4 GB', insertHeader(1).byte('t').uint32(0xffffffff), 'more bytes than'],
    ['a value of 2 GB', insertHeader(1).byte('t').uint32(0x7fffffff), 'more bytes than'],
    [
      'four billion tables',
      new WireWriter().byte('T').uint32(0xffffffff).byte(0),
      'more tables than it has bytes',
    ],
    [
      'content of 4 GB',
      new WireWriter().byte('M').byte(1).int64(0n).text('').uint32(0xffffffff),
      'more bytes than it has',
    ],
  ])('that claims %s is refused before any is made room for', (_, wire, problem) => {
    expect(refusal(wire.toBytes()).message).toContain(problem);
  });

  test('never shows the value that stands where it breaks', () => {
    // Its length is missing, so that the value's own first bytes are read as one.
    const error = refusal(insertHeader(1).byte('t').raw(Buffer.from('4242secret')).toBytes());

    expect(error.message).not.toMatch(/secret|4242|875705394/);
    expect(error.stack).not.toMatch(/secret|4242|875705394/);
  });

  test.each([
    ['its length', insertHeader(1).byte('t').uint16(0), 'column 1 of a row ends before its length'],
    ['its columns', insertHeader(2).byte('t').uint32(1).byte('v'), 'column 2 of a row is missing'],
    ['its new row', new WireWriter().byte('U').uint32(1).byte('K').uint16(0), 'a byte is due'],
    ['a name', new WireWriter().byte('O').int64(1n).byte('v'), 'a string has no end'],
  ])('that ends inside %s says so', (_, wire, problem) => {
    expect(refusal(wire.toBytes()).message).toContain(problem);
  });

  test('without a known tag is refused without naming it', () => {
    expect(refusal(Buffer.from('Zoë'))).toMatchObject({
      tag: null,
      message: 'malformed pgoutput message at byte 1: the tag is of no known message',
    });
    expect(refusal(new Uint8Array(0))).toMatchObject({ tag: null, offset: 0 });
  });

  test('with a name that is not UTF-8 is refused, as two such names would look alike', () => {
    const latin1 = new WireWriter().byte('O').int64(1n).raw(Buffer.from('Zo\xeb\0', 'latin1'));

    expect(refusal(latin1.toBytes()).message).toContain('not valid UTF-8');
  });
});

test('a name keeps a byte order mark that it begins with', () => {
  const origin: Message = { kind: 'origin', commitLsn: toLsn(1n), name: '\u{FEFF}name' };

  expect(new PgoutputDecoder().decode(encodeMessage(origin))).toEqual(origin);
});

test('a range outside of the bytes is the caller’s mistake', () => {
  const decoder = new PgoutputDecoder();

  expect(() => decoder.decode(new Uint8Array(4), 2, 5)).toThrow(RangeError);
  expect(() => decoder.decode(new Uint8Array(4), 3, 2)).toThrow(RangeError);
  expect(() => decoder.decode(new Uint8Array(4), -1)).toThrow(RangeError);
});
