import { ownSchema } from '../pipeline.ts';
import { tableText } from '../source-database.ts';
import { type Check, ok, warning } from './check.ts';

/** What of the tables' keys does not fit how endpoints are told of them. */
export const keyChecks: readonly Check[] = [
  {
    name: 'ids of elements',
    async look({ database, pipeline }) {
      const { joinedIds } = pipeline;
      if (joinedIds.length === 0) return ok('none are joined of several values');
      const publication = await database.readPublication(pipeline.publication);
      if (publication === null) return ok('no table is published');
      const among = publication.allTables ? 'all' : publication.tables;
      const tables = await database.tablesWithJoinedKeys(among, ownSchema(pipeline));
      if (tables.length === 0) return ok('every published key makes ids of its own');
      const names = joinedIds.map((name) => `"${name}"`).join(', ');
      return warning(
        `two rows may have one id at ${names}, where "_" stands in a key: ${tables.map(tableText).join(', ')}`,
        'Set drasi.elementId: escaped for it, and let Drasi read the tables anew: the ids are others.',
      );
    },
  },
];
