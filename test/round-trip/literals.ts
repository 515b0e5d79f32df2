import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';

/** Values of a type as Postgres reads them: the ones worth naming, and a source of others. */
export type Literals = {
  readonly named: readonly string[];
  readonly random?: fc.Arbitrary<string>;
};

const ints = (min: bigint, max: bigint): Literals => ({
  named: ['0', '1', '-1', '9', '10', String(min), String(max)].filter(
    (text) => BigInt(text) >= min,
  ),
  random: fc.bigInt({ min, max }).map(String),
});

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
const FLOATS = [
  '0',
  '-0',
  '1',
  '0.1',
  '1e20',
  '-1e-5',
  '1e15',
  '1e16',
  'NaN',
  'Infinity',
  '-Infinity',
];

const SIXTY_THREE_BYTES = 'n'.repeat(63);
const TEXTS = [
  '',
  ' ',
  '  padded  ',
  '"',
  '\\',
  '\\\\"\\',
  '""',
  "it's",
  'NULL',
  'null',
  '{}',
  '{a,b}',
  '[0:1]={a}',
  '(,)',
  '("a",)',
  ',',
  ';',
  '\\x00ff',
  '\b\t\n\f\r',
  '\u0001\u001f\u007f\u0080',
  'é ß 漢字 \u2028\u2029\ufeff',
  '😀👩‍👩‍👧',
  '\u{10ffff}\uffff',
  'long "quoted" \\ \n text 漢 '.repeat(2000),
];
const texts: Literals = {
  named: TEXTS,
  random: fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
};

const digits = (count: number) => (value: number) => String(value).padStart(count, '0');
const dateText = fc
  .tuple(
    fc.integer({ min: 1, max: 12_000 }).map(digits(4)),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([year, month, day]) => `${year}-${digits(2)(month)}-${digits(2)(day)}`);
const timeText = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(([hour, minute, second, micros]) => `${hour}:${minute}:${second}.${digits(6)(micros)}`);
const timestampText = fc.tuple(dateText, timeText).map((parts) => parts.join(' '));
const zoneText = fc
  .integer({ min: -15, max: 15 })
  .map((hours) => (hours < 0 ? `${hours}` : `+${hours}`));
const TIMESTAMPS = [
  '2026-01-31 12:00:00',
  '2026-01-31 12:00:00.1',
  '2026-01-31 12:00:00.123456',
  '1999-12-31 23:59:59.999999',
  '0001-01-01 00:00:00',
  '0001-12-31 23:59:59.5 BC',
  '4714-11-24 00:00:00 BC',
  '9999-12-31 23:59:59.999999',
  '10000-01-01 00:00:00',
  '294276-12-31 23:59:59.999999',
  'infinity',
  '-infinity',
];
const signed = fc.integer({ min: -1_000_000, max: 1_000_000 });

const point = fc.tuple(finite, finite).map(([x, y]) => `(${x},${y})`);
const points = fc.array(point, { minLength: 1, maxLength: 5 }).map((all) => all.join());
const range = (named: readonly string[], bound: fc.Arbitrary<string>): Literals => ({
  named: ['empty', '(,)', ...named],
  random: fc
    .tuple(bound, fc.constantFrom('[', '('), fc.constantFrom(']', ')'))
    .map(([at, open, close]) => `${open}${at},${close}`),
});
const ranges = (of: Literals): Literals => ({
  named: ['{}', ...of.named.map((text) => `{${text}}`)],
  random: of.random!.map((text) => `{${text}}`),
});
const smallInt = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map(String);
const int4range = range(['[1,10)', '[-2147483648,2147483646]', '(,5]'], smallInt);
const int8range = range(['[-9223372036854775808,9223372036854775806]'], smallInt);
const numrange = range(['[1.50,2.0)', '[-Infinity,NaN]', '(1e-30,]'], finite);
const daterange = range(['[2026-01-01,2026-02-01)', '[0044-03-15 BC,infinity)'], dateText);
const tsrange = range(['["2026-01-01 00:00:00","2026-01-01 00:00:00.5"]'], timestampText);

const bits: Literals = {
  named: ['0', '1', '10101', '0'.repeat(100)],
  random: fc.string({ unit: fc.constantFrom('0', '1'), minLength: 1, maxLength: 70 }),
};
const JSONS = [
  'null',
  '"null"',
  '[]',
  '{}',
  '[1, [2, null], {"a": "\\"\\\\/\\b\\n\\u00e9\\ud83d\\ude00"}]',
  '{"n": 123456789012345678901234567890.123456789, "tiny": 1e-300, "huge": 1e300}',
  '{"": "", "漢": "😀", "NULL": "{a,b}"}',
  '-0.00',
];
const snapshots: Literals = { named: ['10:10:', '10:20:10,14,15', '1:9223372036854775807:'] };
const hex = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`;
const macaddr = (bytes: number): Literals => ({
  named: ['00'.repeat(bytes), 'ff'.repeat(bytes)],
  random: fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((all) => Buffer.from(all).toString('hex')),
});

/** For every type of pg_catalog that a column can have. */
export const LITERALS: Record<string, Literals> = {
  bool: { named: ['t', 'f'] },
  bytea: {
    named: ['\\x', '\\x00', '\\x0001', hex(Uint8Array.from({ length: 256 }, (_, byte) => byte))],
    random: fc.uint8Array({ maxLength: 100 }).map(hex),
  },
  char: { named: ['', 'a', '"', '\\', ',', '{', ' ', '\u0001', '\\351'] },
  name: { named: [...TEXTS.filter((text) => text.length < 20), SIXTY_THREE_BYTES] },
  int2: ints(-32_768n, 32_767n),
  int4: ints(-2_147_483_648n, 2_147_483_647n),
  int8: ints(-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n),
  oid: ints(0n, 4_294_967_295n),
  xid: ints(0n, 4_294_967_295n),
  cid: ints(0n, 4_294_967_295n),
  xid8: ints(0n, 18_446_744_073_709_551_615n),
  int2vector: { named: ['', '1', '1 -2 32767'] },
  oidvector: { named: ['', '0', '1 2 4294967295'] },
  float4: {
    named: [...FLOATS, '1e-45', '3.4028235e38', '16777216'],
    random: fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  },
  float8: {
    named: [...FLOATS, '4.9e-324', '1.7976931348623157e308', '9007199254740993'],
    random: finite,
  },
  numeric: {
    named: [
      '0',
      '0.00',
      '-0.10',
      '1e131071',
      '1e-16383',
      '123456789012345678901234567890.50',
      'NaN',
      'Infinity',
      '-Infinity',
    ],
    random: fc.tuple(fc.bigInt(), fc.nat(40)).map(([value, scale]) => `${value}e-${scale}`),
  },
  money: {
    named: ['0', '-92233720368547758.08', '92233720368547758.07'],
    random: signed.map(String),
  },
  text: texts,
  varchar: texts,
  bpchar: texts,
  refcursor: texts,
  xml: { named: ['', '<a b="c">&amp; \\ 漢 <!-- x --></a>', 'no element', '<a>\n</a>'] },
  json: { named: [...JSONS, '{ "a" :\t1 , "a" : 1.0 }', '"\\u0000\\ud800"'], random: fc.json() },
  jsonb: { named: JSONS, random: fc.json() },
  jsonpath: { named: ['$', '$."a b"[*] ? (@.c > 1 && @ like_regex "^\\\\d")', 'strict $.x'] },
  uuid: { named: ['00000000-0000-0000-0000-000000000000'], random: fc.uuid() },
  date: {
    named: [
      '2026-01-31',
      '0001-01-01',
      '0001-12-31 BC',
      '4714-11-24 BC',
      '5874897-12-31',
      'infinity',
      '-infinity',
    ],
    random: dateText,
  },
  time: { named: ['00:00:00', '24:00:00', '23:59:59.999999', '12:00:00.5'], random: timeText },
  timetz: {
    named: ['00:00:00+00', '24:00:00-15:59:59', '12:00:00.5+05:30', '01:02:03+15:59'],
    random: fc.tuple(timeText, zoneText).map((parts) => parts.join('')),
  },
  timestamp: { named: TIMESTAMPS, random: timestampText },
  timestamptz: {
    named: [...TIMESTAMPS, '2026-01-31 12:00:00+05:30'],
    random: fc.tuple(timestampText, zoneText).map((parts) => parts.join('')),
  },
  interval: {
    named: [
      '0',
      '1 year -2 mons 3 days -04:05:06.000007',
      '-178000000 years',
      '178000000 years',
      '-0.000001 sec',
      '-1 day 1 sec',
    ],
    random: fc
      .tuple(signed, signed, signed, signed)
      .map(
        ([months, days, seconds, micros]) =>
          `${months} mons ${days} days ${seconds} secs ${micros} us`,
      ),
  },
  bit: bits,
  varbit: { ...bits, named: ['', ...bits.named] },
  inet: {
    named: [
      '0.0.0.0/0',
      '192.168.0.1',
      '255.255.255.255/31',
      '::',
      '::1',
      'fe80::1/64',
      '::ffff:1.2.3.4',
    ],
    random: fc.oneof(fc.ipV4(), fc.ipV6()),
  },
  cidr: {
    named: ['0.0.0.0/0', '10.0.0.0/8', '192.168.0.1', '::/0', '2001:db8::/32'],
    random: fc.ipV4(),
  },
  macaddr: macaddr(6),
  macaddr8: macaddr(8),
  point: { named: ['(0,-0)', '(NaN,Infinity)', '(1e300,-1e-300)'], random: point },
  line: { named: ['{1,2,3}', '{0,-1,0.5}'] },
  lseg: {
    named: ['[(0,0),(1,-1)]'],
    random: fc.tuple(point, point).map((ends) => `[${ends.join()}]`),
  },
  box: { named: ['(1,1),(0,0)'], random: fc.tuple(point, point).map((ends) => ends.join()) },
  path: { named: ['((1,2),(3,4))', '[(1,2)]'], random: points.map((all) => `[${all}]`) },
  polygon: { named: ['((1,2),(3,4),(5,6))'], random: points.map((all) => `(${all})`) },
  circle: { named: ['<(1,2),3>', '<(0,0),0>'] },
  tid: { named: ['(0,0)', '(4294967295,65535)'] },
  pg_lsn: { named: ['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848'] },
  pg_snapshot: snapshots,
  txid_snapshot: snapshots,
  tsvector: { named: ['', `'a':1A,3 'b''c' 'd\\\\e':2B '漢 "字"'`, 'fat cat'] },
  tsquery: { named: ['', `'a' & !('b' | 'c''d':*AB)`, 'fat <-> cat <3> "x"'] },
  aclitem: { named: ['=r/postgres', 'postgres=a*rwdDxt/postgres'] },
  regproc: { named: ['-', 'now', 'array_in'] },
  regprocedure: { named: ['-', 'array_append(anycompatiblearray,anycompatible)', 'abs(numeric)'] },
  regoper: { named: ['0', '||/'] },
  regoperator: { named: ['0', '+(integer,integer)', '!~~(text,text)'] },
  regclass: { named: ['-', 'pg_class', 'information_schema.tables', '4294967295'] },
  regtype: { named: ['-', 'timestamp with time zone', 'int4[]', '"char"'] },
  regconfig: { named: ['english', 'simple'] },
  regdictionary: { named: ['simple', 'english_stem'] },
  regnamespace: { named: ['pg_catalog', 'public'] },
  regrole: { named: ['postgres', '-'] },
  regcollation: { named: ['"C"', '"default"'] },
  int4range,
  int8range,
  numrange,
  daterange,
  tsrange,
  tstzrange: tsrange,
  int4multirange: ranges(int4range),
  int8multirange: ranges(int8range),
  nummultirange: ranges(numrange),
  datemultirange: ranges(daterange),
  tsmultirange: ranges(tsrange),
  tstzmultirange: ranges(tsrange),
};

/** The server makes their values itself and refuses to read one: a column of them stays empty. */
export const WITHOUT_INPUT = [
  'pg_node_tree',
  'gtsvector',
  'pg_ndistinct',
  'pg_dependencies',
  'pg_mcv_list',
  'pg_brin_bloom_summary',
  'pg_brin_minmax_multi_summary',
];
