import { ensurePublication, type PublicationChoice } from './ensure-publication.ts';
import { ensureSlot } from './ensure-slot.ts';
import type { Say } from './init-step.ts';
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
 * its publication has to be older than it is. Whatever has to be refused is refused before anything
 * is made. Throws WalhookError.
 */
export async function init(access: PipelineAccess, options: InitOptions, say: Say): Promise<void> {
  const { database, pipeline } = access;
  const server = await checkServer(access, options);
  // The slot before the registration: a drain announces first and moves the slot then.
  const slot = await database.readSlot(pipeline.slot);
  if (slot === null) requireFreeSlot(await database.readLimits());
  else database.assertReadable(slot, pipeline.slot, server.database);
  const registration = await loadRegistration(access);
  await assertMayGoOn(access, slot, registration, options.adopt);
  say({
    subject: 'server',
    outcome: 'ok',
    text: `PostgreSQL ${majorVersion(server)}, database "${server.database}", wal_level ${server.walLevel}`,
  });

  await ensurePublication(access, options, say);
  await ensureSlot(access, options, say);
  await ensureState(access, say);
  // Again: another init may have registered it while this one made the slot.
  const now = registration ?? (await loadRegistration(access));
  if (now !== null && options.adopt) await adopt(access, now, say);
  else await register(access, now, say);
  await rememberCatalog(access);
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
