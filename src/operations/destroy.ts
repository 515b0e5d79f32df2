import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { ownSchema, type PipelineAccess } from './pipeline.ts';
import type { SlotFacts } from './source-database.ts';

export type DestroyStep = {
  readonly subject: 'slot' | 'publication' | 'state';
  readonly outcome: 'dropped' | 'not_there';
  readonly text: string;
};

/** What destroy would drop, for a person to read before. */
export function destroyPlan({ pipeline }: PipelineAccess): string {
  const where = ownSchema(pipeline) === null ? ', in its own database' : '';
  return (
    `This drops the slot "${pipeline.slot}" with every change it still holds, the publication ` +
    `"${pipeline.publication}", and the progress, runs and dead letters of the pipeline ` +
    `"${pipeline.name}" in the schema "${pipeline.stateSchema}"${where}.`
  );
}

/**
 * Drops slot, publication and the pipeline's state, in this order: what is left after a failure can
 * be destroyed again, and a slot left alone would hold WAL. Throws WalhookError slot_in_use where
 * somebody reads the slot.
 */
export async function destroy(
  { database, pipeline, state }: PipelineAccess,
  say: (step: DestroyStep) => void,
): Promise<void> {
  const slot = await database.readSlot(pipeline.slot);
  if (slot !== null) {
    assertOurs(slot, (await database.readServer()).database, database.isBeingMade(slot));
    await database.dropSlot(pipeline.slot);
  }
  say(step('slot', `slot "${pipeline.slot}"`, slot !== null));

  const hadPublication = await database.dropPublication(pipeline.publication);
  say(step('publication', `publication "${pipeline.publication}"`, hadPublication));

  const hadState = await dropState(() => state.destroyPipeline(pipeline.name));
  const what = `state of the pipeline "${pipeline.name}" in the schema "${pipeline.stateSchema}"`;
  say(step('state', what, hadState));
}

/** A slot of the same name may be anybody's. */
function assertOurs(slot: SlotFacts, database: string, isBeingMade: boolean): void {
  if (slot.database !== database) {
    throw new WalhookError(
      'slot_wrong_database',
      `the slot "${slot.name}" belongs to the database "${slot.database}", this connection is to "${database}"`,
      { detail: slot.name },
    );
  }
  if (slot.plugin !== 'pgoutput') {
    throw new WalhookError(
      'slot_wrong_plugin',
      `the slot "${slot.name}" uses the plugin ${slot.plugin}: it is not walhook's to drop`,
      { detail: slot.name },
    );
  }
  if (slot.activePid !== null) {
    throw new WalhookError(
      isBeingMade ? 'slot_being_made' : 'slot_in_use',
      `the slot "${slot.name}" is being ${isBeingMade ? 'made' : 'read'} by the server process ${slot.activePid}`,
      {
        detail: slot.name,
        remedy: `Wait for it, or end it: select pg_terminate_backend(${slot.activePid})`,
      },
    );
  }
}

async function dropState(drop: () => Promise<void>): Promise<boolean> {
  try {
    await drop();
    return true;
  } catch (error) {
    if (isWalhookError(error, 'state_missing')) return false;
    throw error;
  }
}

function step(subject: DestroyStep['subject'], what: string, existed: boolean): DestroyStep {
  return existed
    ? { subject, outcome: 'dropped', text: what }
    : { subject, outcome: 'not_there', text: `${what}: there was none` };
}
