// Writes src/changes/builtin-types.ts from a server's pg_type:
//   node scripts/generate-builtin-types.mjs postgres://user@host/database
import { writeFile } from 'node:fs/promises';
import { Client } from 'pg';

const TARGET = new URL('../src/changes/builtin-types.ts', import.meta.url);

// From 10000 on initdb hands oids out, and another version's server has others there.
// What has no array type is either an array itself or no type for a column.
const BUILTIN_TYPES_SQL = `
  select t.typname as name, t.oid::int, t.typarray::int as array_oid, t.typdelim as delimiter
  from pg_type t
  where t.oid < 10000
    and t.typtype in ('b', 'r', 'm')
    and t.typinput <> 'pg_catalog.array_in'::regproc
  order by t.oid`;

const client = new Client({ connectionString: process.argv[2] });
await client.connect();
const { rows } = await client.query(BUILTIN_TYPES_SQL);
await client.end();

const lines = rows.map(({ name, oid, array_oid: arrayOid, delimiter }) => {
  const array = arrayOid === 0 ? '' : `, arrayOid: ${arrayOid}`;
  return `  ${name}: { oid: ${oid}${array}${delimiter === ',' ? '' : `, delimiter: '${delimiter}'`} },`;
});

await writeFile(
  TARGET,
  `// Written by scripts/generate-builtin-types.mjs.

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
${lines.join('\n')}
} as const satisfies Record<string, BuiltinType>;

const typesByOid = new Map<number, PgType>();
for (const { oid, arrayOid, delimiter = ',' } of Object.values<BuiltinType>(BUILTIN_TYPES)) {
  typesByOid.set(oid, { kind: 'scalar' });
  if (arrayOid === undefined) continue;
  typesByOid.set(arrayOid, { kind: 'array', elementOid: oid, delimiter });
}

/** Enough for tables with built-in types only, without a query. */
export const builtinTypeCatalog: TypeCatalog = { lookUp: (oid) => typesByOid.get(oid) };
`,
);
