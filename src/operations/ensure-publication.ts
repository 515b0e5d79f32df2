import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import type { Say } from './init-step.ts';
import { breaksApplication, faultsRemedy, faultText, refuseFaults } from './identity-faults.ts';
import { ownSchema, type PipelineAccess } from './pipeline.ts';
import { majorVersion } from './requirements.ts';
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

/** What is to be done about the publication, once all has been looked at. */
export type PublicationPlan = {
  readonly existing: PublicationFacts | null;
  /** What is to be published that is not. */
  readonly missing: readonly TableName[] | 'all';
};

/**
 * Looks at all that could refuse the publication, rights too, and makes nothing. Throws WalhookError:
 * tables_missing, tables_without_identity, privilege_missing.
 */
export async function planPublication(
  access: PipelineAccess,
  choice: PublicationChoice,
): Promise<PublicationPlan> {
  const { database, pipeline } = access;
  const wanted = choice.tables === null ? null : await resolveTables(database, choice.tables);
  const existing = await database.readPublication(pipeline.publication);
  const missing = missingTables(existing, wanted);
  const isNeeded = existing === null || existing.publishesUpdates || existing.publishesDeletes;
  if (!choice.withoutIdentity && isNeeded && missing.length > 0) {
    await refuseWithoutIdentity(access, missing, existing === null ? null : pipeline.publication);
  }
  await rehearse(access, { existing, missing });
  return { existing, missing };
}

function missingTables(
  existing: PublicationFacts | null,
  wanted: readonly TableName[] | null,
): readonly TableName[] | 'all' {
  if (existing === null) return wanted ?? 'all';
  if (existing.allTables) return [];
  const published = new Set(existing.tables.map(tableText));
  return (wanted ?? []).filter((table) => !published.has(tableText(table)));
}

async function rehearse(
  { database, pipeline }: PipelineAccess,
  { existing, missing }: PublicationPlan,
): Promise<void> {
  if (existing === null) {
    await database
      .createPublication(pipeline.publication, missing, true)
      .catch((error: unknown) => {
        throw missing === 'all' ? suggestTables(error) : suggestOwner(error, pipeline.publication);
      });
  } else if (missing !== 'all' && missing.length > 0) {
    await database.addTables(pipeline.publication, missing, true).catch((error: unknown) => {
      throw suggestOwner(error, pipeline.publication);
    });
  }
}

/** Makes the publication, or adds the named tables that it lacks. Removes nothing. */
export async function ensurePublication(
  access: PipelineAccess,
  plan: PublicationPlan,
  choice: PublicationChoice,
  say: Say,
): Promise<void> {
  const { existing, missing } = plan;
  if (existing === null) await create(access, missing, say);
  else await extend(access, existing, missing === 'all' ? [] : missing, choice, say);
  const { database, pipeline } = access;
  const leaves = await database.unlikeLeaves(pipeline.publication);
  if (leaves.length > 0) {
    const text = `${unlikeLeavesText(leaves)}. ${UNLIKE_LEAVES_REMEDY}`;
    say({ subject: 'publication', outcome: 'warning', text });
  }
}

async function create(
  access: PipelineAccess,
  tables: readonly TableName[] | 'all',
  say: Say,
): Promise<void> {
  const { database, pipeline } = access;
  const what = tables === 'all' ? 'all tables' : listTables(tables);
  const created = await database.createPublication(pipeline.publication, tables);
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
  missing: readonly TableName[],
  choice: PublicationChoice,
  say: Say,
): Promise<void> {
  const { database, pipeline } = access;
  const name = `publication "${pipeline.publication}"`;
  if (missing.length === 0) {
    const what = existing.allTables ? 'all tables' : listTables(existing.tables);
    say({ subject: 'publication', outcome: 'already_there', text: `${name} for ${what}` });
  } else {
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
  if (existing.publishesUpdates || existing.publishesDeletes) await warnOfFaults(access, say);
}

/** Of what was published before, perhaps by somebody else. */
async function warnOfFaults(access: PipelineAccess, say: Say): Promise<void> {
  const { database, pipeline } = access;
  const publication = await database.readPublication(pipeline.publication);
  const among = publication?.allTables === true ? 'all' : (publication?.tables ?? []);
  const own = ownSchema(pipeline);
  const faults = await database.identityFaults(among, pipeline.publication, own);
  if (faults.length === 0) return;
  const version = majorVersion(await database.readServer());
  const fails = faults.some((fault) => breaksApplication(fault, version));
  const text = `${fails ? 'UPDATE and DELETE fail on' : 'events come without their key of'} ${faults.map((fault) => faultText(fault, version)).join('; ')}. ${faultsRemedy(faults)}`;
  say({ subject: 'publication', outcome: 'warning', text });
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
  publication: string | null,
): Promise<void> {
  const own = ownSchema(pipeline);
  const tables = await database.tablesWithoutIdentity(among, own);
  if (tables.length > 0) {
    throw new WalhookError(
      'tables_without_identity',
      `once published, UPDATE and DELETE would fail on ${listTables(tables)}: ` +
        `no primary key, and no replica identity that tells rows apart`,
      { detail: tables.map(tableText).join(',') },
    );
  }
  const faults = await database.identityFaults(among, publication, own);
  refuseFaults(faults, majorVersion(await database.readServer()));
}

function suggestOwner(error: unknown, publication: string): unknown {
  if (!isWalhookError(error, 'privilege_missing')) return error;
  return new WalhookError('privilege_missing', error.message, {
    detail: error.detail,
    remedy: `Have the owner of the tables do it (create publication "${publication}" for table …, or alter publication "${publication}" add table …), and run walhook init without --tables.`,
    cause: error,
  });
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
