import { redactOf } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainSession } from '../drain/ports.ts';
import { connect, type Connection, disconnect } from '../postgres/connection.ts';
import { postgresSource } from '../postgres/source.ts';
import { execute } from '../postgres/statements.ts';
import type { Transport } from '../postgres/window-reader.ts';
import { createIncidentStore } from '../state/create-incident-store.ts';
import { createStateStore } from '../state/create-state-store.ts';
import { withoutSecrets } from '../state/without-secrets.ts';
import type { StateStore } from '../drain/state-store.ts';
import type { IncidentStore } from '../health/alerting/incident-store.ts';

/** A connection to the drained database. Throws WalhookError. */
export function connectToSource(config: ResolvedConfig): Promise<Connection> {
  return connect({ ...config.database, applicationName: `walhook:${config.pipeline}` });
}

export type StateConnection = {
  readonly state: StateStore;
  readonly incidents: IncidentStore;
  readonly close: () => Promise<void>;
};

/**
 * The state tables beside the drained ones on the same connection, or elsewhere on another. `source`
 * is null only where they lie elsewhere.
 */
export async function connectToState(
  config: ResolvedConfig,
  source: Connection | null,
): Promise<StateConnection> {
  const { url, schema, tls, allowCleartextPassword } = config.state;
  const connection =
    url === undefined
      ? source!
      : await connect({
          ...config.database,
          url,
          tls,
          allowCleartextPassword,
          applicationName: `walhook:${config.pipeline}:state`,
        });
  const client = {
    query: (statement: { readonly text: string }, values?: unknown[]) =>
      execute(connection, { ...statement, ...(values && { values }) }),
  };
  return {
    state: withoutSecrets(createStateStore({ client, schema }), redactOf(config)),
    incidents: createIncidentStore({ client, schema }),
    close: () => (connection === source ? Promise.resolve() : disconnect(connection)),
  };
}

/** What a drain needs of the outside, until `close`. */
export async function openDrainSession(
  config: ResolvedConfig,
  transport: Transport,
  now: () => number,
  tellOf: (connection: Connection) => void,
): Promise<DrainSession> {
  const control = await connectToSource(config);
  tellOf(control);
  try {
    const { state, close } = await connectToState(config, control);
    const source = postgresSource({
      control,
      connect: () => connectToSource(config),
      slot: config.slot,
      publication: config.publication,
      stateSchema: config.state.url === undefined ? config.state.schema : null,
      transport,
      maxMessageBytes: config.drain.maxEventBytes,
      now,
    });
    return {
      source,
      state,
      close: async () => {
        await close();
        await disconnect(control);
      },
    };
  } catch (error) {
    await disconnect(control);
    throw error;
  }
}
