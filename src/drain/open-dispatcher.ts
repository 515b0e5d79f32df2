import type { EventFormat } from '../formats/event-format.ts';
import { Changes } from '../delivery/changes.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import type { DispatchEnvironment, EndpointStore } from '../delivery/outlet.ts';
import type { Span } from '../delivery/tracing.ts';
import type { DrainSession, EndpointSetup, SourceState } from './ports.ts';
import type { RoundStart } from './round-start.ts';
import type { DrainRun } from './run.ts';
import type { Lease, StateStore } from './state-store.ts';

/** What is loaded of the parked events at a time. */
const REPLAY_BYTES = 4 << 20;

/** Every endpoint with its sink, its format and its progress so far. `over` aborts when all is over. */
export function openDispatcher(
  run: DrainRun,
  { state }: DrainSession,
  now: SourceState,
  lease: Lease,
  starts: RoundStart,
  over: AbortController,
  span: Span,
): Dispatcher {
  const { clock, endpoints, maxEventBytes } = run.options;
  const about = { database: now.database, system: now.identity.systemIdentifier };
  const formats = new Map<string, EventFormat>();
  const changes = new Changes();
  const environment: DispatchEnvironment = {
    clock,
    store: endpointStore(run, state, lease),
    onChange: () => changes.tell(),
    change: () => changes.next(),
    mayAttempt: () => run.mayAttempt(),
    onBoundary: (boundary) => run.step(boundary),
    onAttempt: (...attempt) => run.logAttempt(...attempt),
    span,
  };
  const open = (setup: EndpointSetup): { endpoint: EndpointDispatch; format: EventFormat } => {
    const { name, batch } = setup.options;
    const format = formats.get(setup.formatKey) ?? setup.createFormat(run.catalog!, about);
    formats.set(setup.formatKey, format);
    const framing = setup.createFraming(about);
    const options = { ...setup.options, batch: { ...batch, framing, maxEventBytes } };
    const parts = {
      format,
      route: setup.createRoute(run.catalog!),
      ...run.connections.to(name),
    };
    return {
      endpoint: new EndpointDispatch(options, parts, starts.get(name)!, environment),
      format,
    };
  };
  const dispatcher = new Dispatcher(endpoints.map(open), clock, changes);
  const endWhereOver = (): void => {
    if (dispatcher.isOver) over.abort();
  };
  endWhereOver();
  changes.onEach(endWhereOver);
  return dispatcher;
}

function endpointStore(run: DrainRun, state: StateStore, lease: Lease): EndpointStore {
  const { pipeline } = lease;
  return {
    async setAside(letter) {
      await run.step('before-set-aside');
      await state.addDeadLetters(lease, [letter]);
      await run.step('after-set-aside');
    },
    async park(batches) {
      await run.step('before-park');
      await state.park(lease, batches);
      await run.step('after-park');
    },
    loadParked: (endpoint, afterId) => state.loadParked(pipeline, endpoint, afterId, REPLAY_BYTES),
    setAsidePositions: (endpoint) => state.setAsideSinceParked(pipeline, endpoint),
    pause: (endpoint, reason) => state.pauseEndpoint(pipeline, endpoint, { reason, parks: false }),
  };
}
