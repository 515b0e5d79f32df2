import { breaksApplication, faultsRemedy, faultText } from '../identity-faults.ts';
import { ownSchema } from '../pipeline.ts';
import { majorVersion } from '../requirements.ts';
import { type Check, failed, ok, skipped, warning } from './check.ts';

/** What of the publication makes the application's own statements fail, or keys arrive incomplete. */
export const identityChecks: readonly Check[] = [
  {
    name: 'published identity',
    async look({ database, pipeline }) {
      const publication = await database.readPublication(pipeline.publication);
      if (publication === null) return skipped('there is no publication');
      if (!publication.publishesUpdates && !publication.publishesDeletes) {
        return ok('not needed: neither updates nor deletes are published');
      }
      const among = publication.allTables ? 'all' : publication.tables;
      const own = ownSchema(pipeline);
      const faults = await database.identityFaults(among, pipeline.publication, own);
      if (faults.length === 0) return ok('lists, filters and generated columns leave it whole');
      const version = majorVersion(await database.readServer());
      const texts = faults.map((fault) => faultText(fault, version)).join('; ');
      const fails = faults.some((fault) => breaksApplication(fault, version));
      return fails
        ? failed(`UPDATE and DELETE fail on ${texts}`, faultsRemedy(faults))
        : warning(`events come without their key of ${texts}`, faultsRemedy(faults));
    },
  },
];
