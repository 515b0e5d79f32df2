import { type Check, failed, ok } from './check.ts';

export const stateChecks: readonly Check[] = [
  {
    name: 'state tables',
    async look({ state, pipeline, database }) {
      await state.assertReady();
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
      if ((await state.loadPipeline(pipeline.name)) === null) {
        return failed(`the pipeline "${pipeline.name}" has not been set up`, 'Run walhook init.');
      }
      return ok(`current, in the schema "${pipeline.stateSchema}"`);
    },
  },
];
