import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import type { Say } from './init-step.ts';
import { ownSchema, type PipelineAccess } from './pipeline.ts';
import {
  listTables,
  type PublicationFacts,
  type SourceDatabase,
  type TableName,
  tableText,
} from './source-database.ts';
import { UNLIKE_LEAVES_REMEDY, unlikeLeavesText } from './unlike-leaves.ts';

export type PublicationChoice = {
  /** `table` or `schema.table`; null: nothing was said. */
  readonly tables: readonly string[] | null;
  readonly allTables: boolean;
  /** Also tables whose UPDATE and DELETE fail once they are published. */
  readonly withoutIdentity: boolean;
};

/** Makes the publication, or adds the named tables that it lacks. Removes nothing. */
export async function ensurePublication(
  access: PipelineAccess,
  choice: PublicationChoice,
  say: Say,
): Promise<void> {
  const { database, pipeline } = access;
  const wanted = choice.tables === null ? null : await resolveTables(database, choice.tables);
  const existing = await database.readPublication(pipeline.publication);
  if (existing === null) await create(access, wanted ?? 'all', choice, say);
  else await extend(access, existing, wanted, choice, say);
  const leaves = await database.unlikeLeaves(pipeline.publication);
  if (leaves.length > 0) {
    const text = `${unlikeLeavesText(leaves)}. ${UNLIKE_LEAVES_REMEDY}`;
    say({ subject: 'publication', outcome: 'warning', text });
  }
}

async function create(
  access: PipelineAccess,
  tables: readonly TableName[] | 'all',
  choice: PublicationChoice,
  say: Say,
): Promise<void> {
  const { database, pipeline } = access;
  if (!choice.withoutIdentity) await refuseWithoutIdentity(access, tables);
  const what = tables === 'all' ? 'all tables' : listTables(tables);
  const created = await database
    .createPublication(pipeline.publication, tables)
    .catch((error: unknown) => {
      throw tables === 'all' ? suggestTables(error) : error;
    });
  say({
    subject: 'publication',
    outcome: created ? 'created' : 'already_there',
    text: created
      ? `publication "${pipeline.publication}" for ${what}`
      : `publication "${pipeline.publication}"`,
  });
}

async function extend(
  access: PipelineAccess,
  existing: PublicationFacts,
  wanted: readonly TableName[] | null,
  choice: PublicationChoice,
  say: Say,
): Promise<void> {
  const { database, pipeline } = access;
  const name = `publication "${pipeline.publication}"`;
  const published = new Set(existing.tables.map(tableText));
  const missing = existing.allTables
    ? []
    : (wanted ?? []).filter((table) => !published.has(tableText(table)));
  if (missing.length === 0) {
    const what = existing.allTables ? 'all tables' : listTables(existing.tables);
    say({ subject: 'publication', outcome: 'already_there', text: `${name} for ${what}` });
  } else {
    if (!choice.withoutIdentity) await refuseWithoutIdentity(access, missing);
    await database.addTables(pipeline.publication, missing);
    const text = `${name}: added ${listTables(missing)}, whose changes come from now on`;
    say({ subject: 'publication', outcome: 'changed', text });
  }
  if (choice.allTables && !existing.allTables) {
    const text = `${name} names its tables and cannot be changed to all tables: name the missing ones with --tables, or choose another name`;
    say({ subject: 'publication', outcome: 'warning', text });
  }
  if (!existing.viaPartitionRoot) {
    const text = `${name} sends partitions under their own names: alter publication … set (publish_via_partition_root = true)`;
    say({ subject: 'publication', outcome: 'warning', text });
  }
}

/** Throws tables_missing with every name that is none. */
async function resolveTables(
  database: SourceDatabase,
  texts: readonly string[],
): Promise<readonly TableName[]> {
  const names = texts.map(parseTableName);
  const found = await database.findTables(names);
  const known = new Set(found.map(tableText));
  const missing = names.filter((name) => !known.has(tableText(name)));
  if (missing.length === 0) return found;
  throw new WalhookError('tables_missing', `there is no table ${listTables(missing)}`, {
    detail: missing.map(tableText).join(','),
  });
}

/** The first dot separates: a schema whose name has one cannot be named here. */
function parseTableName(text: string): TableName {
  const dot = text.indexOf('.');
  return dot < 0
    ? { schema: 'public', table: text }
    : { schema: text.slice(0, dot), table: text.slice(dot + 1) };
}

/** Before the application finds out: publishing such a table makes its own statements fail. */
async function refuseWithoutIdentity(
  { database, pipeline }: PipelineAccess,
  among: readonly TableName[] | 'all',
): Promise<void> {
  const tables = await database.tablesWithoutIdentity(among, ownSchema(pipeline));
  if (tables.length === 0) return;
  throw new WalhookError(
    'tables_without_identity',
    `once published, UPDATE and DELETE would fail on ${listTables(tables)}: ` +
      `no primary key, and no replica identity that tells rows apart`,
    { detail: tables.map(tableText).join(',') },
  );
}

function suggestTables(error: unknown): unknown {
  if (!isWalhookError(error, 'privilege_missing')) return error;
  return new WalhookError('privilege_missing', error.message, {
    detail: error.detail,
    remedy:
      'Only a superuser can publish all tables. Name those that this role owns: walhook init --tables a,b',
    cause: error,
  });
}
