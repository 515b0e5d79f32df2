import type { IncidentStore } from '../health/alerting/incident-store.ts';
import type { StateStoreOptions } from './create-state-store.ts';
import {
  claimIncidentMessages,
  listOpenIncidents,
  observeIncidents,
  settleIncidentMessage,
} from './incidents.ts';
import { explaining } from './readiness.ts';
import { openStateDatabase } from './state-database.ts';

/** The incidents in the state tables; errors as those of createStateStore. */
export function createIncidentStore({ client, schema }: StateStoreOptions): IncidentStore {
  const state = openStateDatabase(client, schema);
  return {
    listOpen: (pipeline) => explaining(state, () => listOpenIncidents(state, pipeline)),
    observe: (observation) => explaining(state, () => observeIncidents(state, observation)),
    claimMessages: (request) => explaining(state, () => claimIncidentMessages(state, request)),
    settleMessage: (message, failures) =>
      explaining(state, () => settleIncidentMessage(state, message, failures)),
  };
}
