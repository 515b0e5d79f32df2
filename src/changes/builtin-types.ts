// Written by scripts/generate-builtin-types.mjs.

import type { PgType, TypeCatalog } from './type-catalog.ts';

type BuiltinType = {
  readonly oid: number;
  /** Absent where the server has no array of it. */
  readonly arrayOid?: number;
  /** Between the elements of such an array; a comma where absent. */
  readonly delimiter?: string;
};

/**
 * The types of pg_catalog that columns can have. Their oids are fixed by Postgres' sources, the same
 * on every server that knows the type. Row types of system tables and the domains of
 * information_schema differ from version to version: they are loaded like user-defined types.
 */
export const BUILTIN_TYPES = {
  bool: { oid: 16, arrayOid: 1000 },
  bytea: { oid: 17, arrayOid: 1001 },
  char: { oid: 18, arrayOid: 1002 },
  name: { oid: 19, arrayOid: 1003 },
  int8: { oid: 20, arrayOid: 1016 },
  int2: { oid: 21, arrayOid: 1005 },
  int2vector: { oid: 22, arrayOid: 1006 },
  int4: { oid: 23, arrayOid: 1007 },
  regproc: { oid: 24, arrayOid: 1008 },
  text: { oid: 25, arrayOid: 1009 },
  oid: { oid: 26, arrayOid: 1028 },
  tid: { oid: 27, arrayOid: 1010 },
  xid: { oid: 28, arrayOid: 1011 },
  cid: { oid: 29, arrayOid: 1012 },
  oidvector: { oid: 30, arrayOid: 1013 },
  json: { oid: 114, arrayOid: 199 },
  xml: { oid: 142, arrayOid: 143 },
  pg_node_tree: { oid: 194 },
  point: { oid: 600, arrayOid: 1017 },
  lseg: { oid: 601, arrayOid: 1018 },
  path: { oid: 602, arrayOid: 1019 },
  box: { oid: 603, arrayOid: 1020, delimiter: ';' },
  polygon: { oid: 604, arrayOid: 1027 },
  line: { oid: 628, arrayOid: 629 },
  cidr: { oid: 650, arrayOid: 651 },
  float4: { oid: 700, arrayOid: 1021 },
  float8: { oid: 701, arrayOid: 1022 },
  circle: { oid: 718, arrayOid: 719 },
  macaddr8: { oid: 774, arrayOid: 775 },
  money: { oid: 790, arrayOid: 791 },
  macaddr: { oid: 829, arrayOid: 1040 },
  inet: { oid: 869, arrayOid: 1041 },
  aclitem: { oid: 1033, arrayOid: 1034 },
  bpchar: { oid: 1042, arrayOid: 1014 },
  varchar: { oid: 1043, arrayOid: 1015 },
  date: { oid: 1082, arrayOid: 1182 },
  time: { oid: 1083, arrayOid: 1183 },
  timestamp: { oid: 1114, arrayOid: 1115 },
  timestamptz: { oid: 1184, arrayOid: 1185 },
  interval: { oid: 1186, arrayOid: 1187 },
  timetz: { oid: 1266, arrayOid: 1270 },
  bit: { oid: 1560, arrayOid: 1561 },
  varbit: { oid: 1562, arrayOid: 1563 },
  numeric: { oid: 1700, arrayOid: 1231 },
  refcursor: { oid: 1790, arrayOid: 2201 },
  regprocedure: { oid: 2202, arrayOid: 2207 },
  regoper: { oid: 2203, arrayOid: 2208 },
  regoperator: { oid: 2204, arrayOid: 2209 },
  regclass: { oid: 2205, arrayOid: 2210 },
  regtype: { oid: 2206, arrayOid: 2211 },
  uuid: { oid: 2950, arrayOid: 2951 },
  txid_snapshot: { oid: 2970, arrayOid: 2949 },
  pg_lsn: { oid: 3220, arrayOid: 3221 },
  pg_ndistinct: { oid: 3361 },
  pg_dependencies: { oid: 3402 },
  tsvector: { oid: 3614, arrayOid: 3643 },
  tsquery: { oid: 3615, arrayOid: 3645 },
  gtsvector: { oid: 3642, arrayOid: 3644 },
  regconfig: { oid: 3734, arrayOid: 3735 },
  regdictionary: { oid: 3769, arrayOid: 3770 },
  jsonb: { oid: 3802, arrayOid: 3807 },
  int4range: { oid: 3904, arrayOid: 3905 },
  numrange: { oid: 3906, arrayOid: 3907 },
  tsrange: { oid: 3908, arrayOid: 3909 },
  tstzrange: { oid: 3910, arrayOid: 3911 },
  daterange: { oid: 3912, arrayOid: 3913 },
  int8range: { oid: 3926, arrayOid: 3927 },
  jsonpath: { oid: 4072, arrayOid: 4073 },
  regnamespace: { oid: 4089, arrayOid: 4090 },
  regrole: { oid: 4096, arrayOid: 4097 },
  regcollation: { oid: 4191, arrayOid: 4192 },
  int4multirange: { oid: 4451, arrayOid: 6150 },
  nummultirange: { oid: 4532, arrayOid: 6151 },
  tsmultirange: { oid: 4533, arrayOid: 6152 },
  tstzmultirange: { oid: 4534, arrayOid: 6153 },
  datemultirange: { oid: 4535, arrayOid: 6155 },
  int8multirange: { oid: 4536, arrayOid: 6157 },
  pg_brin_bloom_summary: { oid: 4600 },
  pg_brin_minmax_multi_summary: { oid: 4601 },
  pg_mcv_list: { oid: 5017 },
  pg_snapshot: { oid: 5038, arrayOid: 5039 },
  xid8: { oid: 5069, arrayOid: 271 },
} as const satisfies Record<string, BuiltinType>;

const typesByOid = new Map<number, PgType>();
for (const { oid, arrayOid, delimiter = ',' } of Object.values<BuiltinType>(BUILTIN_TYPES)) {
  typesByOid.set(oid, { kind: 'scalar' });
  if (arrayOid === undefined) continue;
  typesByOid.set(arrayOid, { kind: 'array', elementOid: oid, delimiter });
}

/** Enough for tables with built-in types only, without a query. */
export const builtinTypeCatalog: TypeCatalog = { lookUp: (oid) => typesByOid.get(oid) };
