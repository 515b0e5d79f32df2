import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { readNeighbours, refuseSharedPublication, refuseSharedSlot } from './neighbours.ts';
import { ownSchema, type PipelineAccess } from './pipeline.ts';
import { loadRegistration, type Registration } from './registration.ts';
import { requireReplication } from './requirements.ts';
import type { SlotFacts } from './source-database.ts';

export type DestroyStep = {
  readonly subject: 'slot' | 'publication' | 'state';
  readonly outcome: 'dropped' | 'not_there' | 'kept';
  readonly text: string;
};

export type DestroyOptions = {
  /** Leaves the slot, which something else reads. */
  readonly keepSlot?: boolean | undefined;
  /** Leaves the publication: it is another role's, or something else reads by it. */
  readonly keepPublication?: boolean | undefined;
};

/** What destroy would drop, for a person to read before. */
export function destroyPlan(
  { pipeline }: PipelineAccess,
  { keepSlot, keepPublication }: DestroyOptions = {},
): string {
  const where = ownSchema(pipeline) === null ? ', in its own database' : '';
  const dropped = [
    ...(keepSlot === true ? [] : [`the slot "${pipeline.slot}" with every change it still holds`]),
    ...(keepPublication === true ? [] : [`the publication "${pipeline.publication}"`]),
    `the progress, runs and dead letters of the pipeline "${pipeline.name}" in the schema "${pipeline.stateSchema}"${where}`,
  ];
  const last = dropped.pop()!;
  return `This drops ${dropped.length === 0 ? last : `${dropped.join(', ')}, and ${last}`}.`;
}

/** What else may depend on what is dropped, and that nothing tells for sure; for a person to read before. */
export async function destroyDoubts(
  access: PipelineAccess,
  { keepPublication }: DestroyOptions,
): Promise<readonly string[]> {
  const { database, pipeline } = access;
  if (keepPublication === true) return [];
  const doubts: string[] = [];
  const { hidden } = await readNeighbours(access);
  if (hidden.length > 0) {
    doubts.push(
      `There are state tables in ${hidden.join(', ')} that this role may not read: whether a pipeline of theirs uses the same slot or publication cannot be known.`,
    );
  }
  const slots = await database.otherSlots(pipeline.slot);
  if (slots.length > 0) {
    doubts.push(
      `Other slots of this database (${slots.join(', ')}) may be read by the publication "${pipeline.publication}", as by a subscription: the server does not tell. If one is, --keep-publication.`,
    );
  }
  return doubts;
}

/**
 * Drops slot, publication and the pipeline's state, in this order: what is left after a failure can
 * be destroyed again, and a slot left alone would hold WAL. All rights, and who else uses what, are
 * looked at before anything is dropped. Throws WalhookError: slot_in_use, slot_being_made,
 * used_by_another_pipeline, slot_replaced, publication_replaced, privilege_missing.
 */
export async function destroy(
  access: PipelineAccess,
  say: (step: DestroyStep) => void,
  { keepSlot = false, keepPublication = false }: DestroyOptions = {},
): Promise<void> {
  const { database, pipeline, state } = access;
  const slot = await database.readSlot(pipeline.slot);
  const neighbours = await readNeighbours(access);
  const registration = await loadRegistration(access);
  if (!keepSlot) {
    refuseAnotherSlot(access, registration);
    refuseSharedSlot(neighbours, pipeline.slot);
    if (slot !== null) {
      assertOurs(slot, (await database.readServer()).database, database.isBeingMade(slot));
      requireReplication(await database.readRole());
    }
  }
  if (!keepPublication) {
    refuseAnotherPublication(access, registration);
    refuseSharedPublication(neighbours, pipeline.publication);
    await requirePublicationRights(access);
  }
  await unlessMissing(() => state.rehearseDestroy(pipeline.name));

  const dropped: string[] = [];
  const drop = async (
    subject: DestroyStep['subject'],
    what: string,
    work: (() => Promise<boolean>) | null,
  ): Promise<void> => {
    if (work === null) return say({ subject, outcome: 'kept', text: what });
    const existed = await work().catch((error: unknown) => {
      throw tellingWhatWasDropped(error, dropped);
    });
    if (existed) dropped.push(subject);
    say(step(subject, what, existed));
  };
  const dropSlot = async (): Promise<boolean> => {
    if (slot !== null) await database.dropSlot(pipeline.slot);
    return slot !== null;
  };
  const dropPublication = () => database.dropPublication(pipeline.publication);
  await drop('slot', `slot "${pipeline.slot}"`, keepSlot ? null : dropSlot);
  const publication = `publication "${pipeline.publication}"`;
  await drop('publication', publication, keepPublication ? null : dropPublication);
  const what = `state of the pipeline "${pipeline.name}" in the schema "${pipeline.stateSchema}"`;
  await drop('state', what, () => unlessMissing(() => state.destroyPipeline(pipeline.name)));
}

function tellingWhatWasDropped(error: unknown, dropped: readonly string[]): unknown {
  if (!(error instanceof WalhookError) || dropped.length === 0) return error;
  return new WalhookError(error.code, `${error.message} (dropped before: ${dropped.join(', ')})`, {
    detail: error.detail,
    remedy: `${error.remedy} Then run walhook destroy again: it goes on where this one stopped.`,
    cause: error,
  });
}

/** A slot that this pipeline never drained is not its own to drop. */
function refuseAnotherSlot({ pipeline }: PipelineAccess, registration: Registration | null): void {
  const record = registration?.record;
  if (record === undefined || record.slot === pipeline.slot) return;
  throw new WalhookError(
    'slot_replaced',
    `the pipeline "${record.pipeline}" is drained from the slot "${record.slot}", not from "${pipeline.slot}": that one is not its to drop`,
    { detail: pipeline.slot, remedy: `Correct the slot's name; --keep-slot leaves it.` },
  );
}

function refuseAnotherPublication(
  { pipeline }: PipelineAccess,
  registration: Registration | null,
): void {
  const record = registration?.record;
  if (record === undefined || record.publication === pipeline.publication) return;
  throw new WalhookError(
    'publication_replaced',
    `the pipeline "${record.pipeline}" reads by the publication "${record.publication}", not by "${pipeline.publication}": that one is not its to drop`,
    {
      detail: pipeline.publication,
      remedy: `Correct the publication's name; --keep-publication leaves it.`,
    },
  );
}

/** Throws privilege_missing where it is another role's. */
async function requirePublicationRights({ database, pipeline }: PipelineAccess): Promise<void> {
  const { publication } = pipeline;
  const rights = await database.readPublicationOwner(publication);
  if (rights === null || rights.isOwn) return;
  const { name } = await database.readRole();
  throw new WalhookError(
    'privilege_missing',
    `the publication "${publication}" belongs to the role "${rights.owner}": "${name}" may not drop it, and nothing was dropped`,
    {
      detail: publication,
      remedy: `walhook destroy --keep-publication leaves it; then, as "${rights.owner}": drop publication "${publication}". Or give it away first: alter publication "${publication}" owner to "${name}".`,
    },
  );
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

/** False where there are no state tables. */
async function unlessMissing(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
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
