import { type Check, diagnosisOf, failed, ok } from './check.ts';

export const stateChecks: readonly Check[] = [
  {
    name: 'state tables',
    async look(patient) {
      const { pipeline, database } = patient;
      const notReady = await diagnosisOf(patient, 'state_not_ready');
      const unusable = pipeline.stateIsBeside
        ? await database.unusableTables(pipeline.stateSchema)
        : [];
      if (unusable.length > 0) {
        const schema = pipeline.stateSchema;
        return failed(
          `the role may not read and write ${unusable.join(', ')} in "${schema}"`,
          `grant usage on schema "${schema}" to …; grant select, insert, update, delete on all tables in schema "${schema}" to …`,
        );
      }
      if (notReady !== null) return notReady;
      return ok(`current, in the schema "${pipeline.stateSchema}"`);
    },
  },
];
