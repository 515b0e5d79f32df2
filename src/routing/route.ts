import type { ChangeEvent } from '../changes/change-event.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { compileFilter, type FilterOptions } from './filter.ts';
import { compileOutbox, type Outbox, type OutboxOptions } from './outbox.ts';
import { compileTransform, type TransformFunction } from './transform.ts';

/** Which events an endpoint gets, and what of them. */
export type Route = {
  /**
   * Sync. False: not for this endpoint. null: all are. Throws WalhookError filter_failed or
   * outbox_failed.
   */
  readonly wants: ((event: ChangeEvent) => boolean) | null;
  /** null, as an answer: dropped. The event has to be on bytes of its own: see owned-event.ts. */
  readonly transform:
    ((event: WritableEvent) => WritableEvent | null | Promise<WritableEvent | null>) | null;
  /**
   * A hash of what an event is about, where that is not its row's key, to be asked of the event as it
   * was before the transform. null, as an answer: its row's key says it.
   */
  readonly laneHash: ((event: ChangeEvent) => number | null) | null;
  /** What `laneHash` depends on beside the event, as text: empty without one. */
  readonly lanesBy: readonly string[];
};

export type CreateRoute = (catalog: RelationCatalog) => Route;

export type RouteOptions = {
  /** Its name, for errors. */
  readonly endpoint: string;
  readonly values: ValueOptions;
  readonly filter?: FilterOptions | undefined;
  readonly transform?: TransformFunction | undefined;
  readonly outbox?: OutboxOptions | undefined;
};

export function createRoute(options: RouteOptions, catalog: RelationCatalog): Route {
  const { endpoint, values, transform } = options;
  const outbox =
    options.outbox === undefined ? null : compileOutbox(endpoint, options.outbox, catalog, values);
  return {
    wants: both(outbox, compileFilter(endpoint, options.filter, catalog, values)),
    transform:
      transform === undefined ? null : compileTransform(endpoint, transform, catalog, values),
    laneHash: outbox?.laneHash ?? null,
    lanesBy: options.outbox === undefined ? [] : [lanesByOutbox(options.outbox)],
  };
}

function both(outbox: Outbox | null, filter: Route['wants']): Route['wants'] {
  if (outbox === null) return filter;
  if (filter === null) return outbox.wants;
  return (event) => outbox.wants(event) && filter(event);
}

function lanesByOutbox({ table = '', key = '', messages }: OutboxOptions): string {
  return `outbox ${JSON.stringify([table, key, messages?.prefix ?? ''])}`;
}
