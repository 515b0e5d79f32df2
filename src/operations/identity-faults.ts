import { WalhookError } from '../errors/walhook-error.ts';
import type { IdentityFault } from './source-database.ts';
import { tableText } from './source-database.ts';

/** What is wrong with how a table is, or is to be, published, and what to do. */
export function faultText({ fault, columns, ...table }: IdentityFault, version: number): string {
  const name = tableText(table);
  const named = columns.join(', ');
  switch (fault) {
    case 'full_generated':
      return `${name} (its replica identity is full, and the generated column ${named} is not published)`;
    case 'key_generated':
      return version >= 18
        ? `${name} (the generated column ${named} of its replica identity is not published)`
        : `${name} (the generated column ${named} of its replica identity never leaves the server: its key arrives without)`;
    case 'column_list':
      return `${name} (its column list lacks ${named} of its replica identity)`;
    case 'row_filter':
      return `${name} (its row filter uses ${named}, which is not of its replica identity)`;
  }
}

const TO_DO: Readonly<Record<IdentityFault['fault'], string>> = {
  full_generated:
    'Publish what is generated (alter publication … set (publish_generated_columns = stored), for columns that are stored), or take a key: alter table … replica identity default, or using index ….',
  key_generated:
    'Take a key without generated columns: alter table … replica identity using index …; from PostgreSQL 18 on, stored ones can be published: alter publication … set (publish_generated_columns = stored).',
  column_list:
    'Name the columns in the list too (alter publication … set table … (…)), or leave the list out.',
  row_filter: 'Filter by columns of the key only, or: alter table … replica identity full.',
};

/** Each remedy once. */
export function faultsRemedy(faults: readonly IdentityFault[]): string {
  return [...new Set(faults.map(({ fault }) => TO_DO[fault]))].join(' ');
}

/** Whether the application's own UPDATE and DELETE fail; else the events' keys are not whole. */
export function breaksApplication({ fault }: IdentityFault, version: number): boolean {
  return fault !== 'key_generated' || version >= 18;
}

/** Throws tables_without_identity, where there is any. */
export function refuseFaults(faults: readonly IdentityFault[], version: number): void {
  if (faults.length === 0) return;
  const breaks = faults.some((fault) => breaksApplication(fault, version));
  throw new WalhookError(
    'tables_without_identity',
    `once published, ${breaks ? 'UPDATE and DELETE would fail on' : 'events would come without their key of'} ` +
      faults.map((fault) => faultText(fault, version)).join('; '),
    {
      detail: faults.map(tableText).join(','),
      remedy: `${faultsRemedy(faults)} If their rows are only ever inserted: --without-identity.`,
    },
  );
}
