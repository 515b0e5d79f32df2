import { ownSchema } from '../pipeline.ts';
import { listTables, type PublicationFacts } from '../source-database.ts';
import { UNLIKE_LEAVES_REMEDY, unlikeLeavesText } from '../unlike-leaves.ts';
import {
  type Check,
  diagnosisOf,
  failed,
  type Finding,
  ok,
  type Patient,
  skipped,
  warning,
} from './check.ts';

export const publicationChecks: readonly Check[] = [
  {
    name: 'publication',
    async look(patient) {
      const { database, pipeline } = patient;
      const publication = await database.readPublication(pipeline.publication);
      if (publication === null) {
        return (
          (await diagnosisOf(patient, 'publication_missing')) ?? skipped('it was dropped just now')
        );
      }
      const own = ownSchema(pipeline);
      const tables = publication.tables.filter(({ schema }) => schema !== own);
      if (tables.length === 0) {
        return publication.allTables
          ? warning('for all tables, of which there are none yet', 'Nothing to do, if so intended.')
          : failed('it has no tables', 'Run walhook init --tables a,b.');
      }
      const what = publication.allTables ? 'all tables, now ' : '';
      const found = `${what}${listTables(tables)}`;
      const left = unpublishedOperations(publication);
      if (left.length === 0) return ok(found);
      return warning(
        `${found}, without ${left.join(', ')}`,
        'alter publication … set (publish = …), unless it is meant so.',
      );
    },
  },
  {
    name: 'tables not published',
    look: (patient) =>
      ofPublication(patient, async ({ database, pipeline }, publication) => {
        if (publication.allTables) return ok('none: the publication is for all tables');
        const newer = await database.newerTables(pipeline.publication, ownSchema(pipeline));
        if (newer.length === 0) return ok('none that is newer than the publication');
        return warning(
          `made after the publication, and not in it: ${listTables(newer)}`,
          'walhook init --tables adds them, if their changes are wanted.',
        );
      }),
  },
  {
    name: 'publish_via_partition_root',
    look: (patient) =>
      ofPublication(patient, ({ pipeline }, publication) =>
        Promise.resolve(
          publication.viaPartitionRoot
            ? ok('true: partitions come as their table')
            : warning(
                'false: partitions come under their own names',
                `alter publication "${pipeline.publication}" set (publish_via_partition_root = true)`,
              ),
        ),
      ),
  },
  {
    name: 'replica identity',
    look: (patient) =>
      ofPublication(patient, async ({ database, pipeline }, publication) => {
        if (!publication.publishesUpdates && !publication.publishesDeletes) {
          return ok('not needed: neither updates nor deletes are published');
        }
        const among = publication.allTables ? 'all' : publication.tables;
        const tables = await database.tablesWithoutIdentity(among, ownSchema(pipeline));
        const leaves = await database.unlikeLeaves(pipeline.publication);
        if (tables.length === 0 && leaves.length > 0) {
          return warning(unlikeLeavesText(leaves), UNLIKE_LEAVES_REMEDY);
        }
        if (tables.length === 0) return ok('every published table tells its rows apart');
        return warning(
          `UPDATE and DELETE fail on ${listTables(tables)}`,
          'Give each a primary key, or: alter table … replica identity full. Nothing to do where rows are only inserted.',
        );
      }),
  },
];

async function ofPublication(
  patient: Patient,
  look: (patient: Patient, publication: PublicationFacts) => Promise<Finding>,
): Promise<Finding> {
  const publication = await patient.database.readPublication(patient.pipeline.publication);
  return publication === null ? skipped('there is no publication') : look(patient, publication);
}

function unpublishedOperations(publication: PublicationFacts): string[] {
  const operations: readonly (readonly [string, boolean])[] = [
    ['insert', publication.publishesInserts],
    ['update', publication.publishesUpdates],
    ['delete', publication.publishesDeletes],
    ['truncate', publication.publishesTruncates],
  ];
  return operations.filter(([, published]) => !published).map(([operation]) => operation);
}
