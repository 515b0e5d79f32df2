import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import {
  ensurePublication,
  planPublication,
  type PublicationChoice,
} from './ensure-publication.ts';
import { ensureSlot } from './ensure-slot.ts';
import type { InitStep, Say } from './init-step.ts';
import { readNeighbours, refuseSharedSlot } from './neighbours.ts';
import type { PipelineAccess } from './pipeline.ts';
import { adopt, assertMayGoOn, loadRegistration, register } from './registration.ts';
import { rememberCatalog } from './remember-catalog.ts';
import {
  majorVersion,
  requireFailoverSlots,
  requireFreeSlot,
  requireLogicalWal,
  requireReplication,
  requireVersion,
} from './requirements.ts';
import type { ServerFacts } from './source-database.ts';

export type InitOptions = PublicationChoice & {
  /** A slot that standbys keep up with (PostgreSQL 17 and later). */
  readonly failover: boolean;
  /** Goes on from the slot as it is, also where that skips changes. */
  readonly adopt: boolean;
};

/**
 * Makes what is missing, in the one order that works: a slot decodes with the catalog as it was, so
 * its publication has to be older than it is. Whatever has to be refused, for want of rights too, is
 * refused before anything is made; what fails all the same says what was made until then, and goes on
 * there when it is run again. Throws WalhookError.
 */
export async function init(access: PipelineAccess, options: InitOptions, say: Say): Promise<void> {
  const { database, pipeline } = access;
  const server = await checkServer(access, options);
  // The slot before the registration: a drain announces first and moves the slot then.
  const slot = await database.readSlot(pipeline.slot);
  if (slot === null) requireFreeSlot(await database.readLimits());
  else database.assertReadable(slot, pipeline.slot, server.database);
  const { neighbours, registration } = await lookAtState(access);
  refuseSharedSlot(neighbours, pipeline.slot);
  await assertMayGoOn(access, slot, registration, options.adopt);
  const plan = await planPublication(access, options);
  await requireStateRights(access);
  say({
    subject: 'server',
    outcome: 'ok',
    text: `PostgreSQL ${majorVersion(server)}, database "${server.database}", wal_level ${server.walLevel}`,
  });
  if (slot !== null && neighbours.hidden.length > 0) say(hiddenNeighbours(neighbours.hidden));

  await tellingWhatWasMade(say, async (tell) => {
    await ensurePublication(access, plan, options, tell);
    await ensureSlot(access, options, tell);
    await ensureState(access, tell);
    // Again: another init may have registered it while this one made the slot.
    const now = registration ?? (await loadRegistration(access));
    if (now !== null && options.adopt) await adopt(access, now, tell);
    else await register(access, now, tell);
    await rememberCatalog(access);
  });
}

async function lookAtState(access: PipelineAccess) {
  try {
    const neighbours = await readNeighbours(access);
    return { neighbours, registration: await loadRegistration(access) };
  } catch (error) {
    // Says better what is to be granted.
    if (isWalhookError(error, 'privilege_missing')) await requireStateRights(access);
    throw error;
  }
}

/** What was made stays, and running it again goes on there. */
async function tellingWhatWasMade(say: Say, work: (say: Say) => Promise<void>): Promise<void> {
  const made: string[] = [];
  try {
    await work((step) => {
      if (step.outcome === 'created' || step.outcome === 'changed') made.push(step.subject);
      say(step);
    });
  } catch (error) {
    if (!(error instanceof WalhookError) || made.length === 0) throw error;
    throw new WalhookError(error.code, `${error.message} (made before: ${made.join(', ')})`, {
      detail: error.detail,
      remedy: `${error.remedy} Then run walhook init again: it goes on where this one stopped.`,
      cause: error,
    });
  }
}

function hiddenNeighbours(schemas: readonly string[]): InitStep {
  const text = `there are state tables in ${schemas.join(', ')} that this role may not read: whether another pipeline drains the slot cannot be known`;
  return { subject: 'slot', outcome: 'warning', text };
}

/** Throws privilege_missing, and whatever else would keep the tables from being made and used. */
async function requireStateRights({ database, state, pipeline }: PipelineAccess): Promise<void> {
  const { stateSchema: schema } = pipeline;
  const unusable = pipeline.stateIsBeside ? await database.unusableTables(schema) : [];
  if (unusable.length > 0) {
    throw new WalhookError(
      'privilege_missing',
      `the role may not read and write ${unusable.join(', ')} in the schema "${schema}"`,
      {
        detail: schema,
        remedy: `As their owner: grant usage on schema "${schema}" to …; grant select, insert, update, delete on all tables in schema "${schema}" to …`,
      },
    );
  }
  await state.rehearseMigrate().catch((error: unknown) => {
    if (!isWalhookError(error, 'privilege_missing')) throw error;
    throw new WalhookError(
      'privilege_missing',
      `the state tables in the schema "${pipeline.stateSchema}" cannot be made: ${error.message}`,
      {
        detail: pipeline.stateSchema,
        remedy: `As an administrator: create schema "${pipeline.stateSchema}" authorization …, or grant create on the database.`,
        cause: error,
      },
    );
  });
}

async function checkServer(
  { database }: PipelineAccess,
  options: InitOptions,
): Promise<ServerFacts> {
  const server = await database.readServer();
  requireVersion(server);
  if (options.failover) requireFailoverSlots(server);
  requireLogicalWal(server);
  requireReplication(await database.readRole());
  return server;
}

async function ensureState({ state, pipeline }: PipelineAccess, say: Say): Promise<void> {
  const applied = await state.migrate();
  const tables = `state tables in the schema "${pipeline.stateSchema}"`;
  if (applied.length === 0) say({ subject: 'state', outcome: 'already_there', text: tables });
  else say({ subject: 'state', outcome: 'created', text: `${tables} (${applied.join(', ')})` });
}
