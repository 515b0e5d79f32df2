import { positionOf } from '../changes/change-event.ts';
import { eventId } from '../changes/position.ts';
import type { TypeCatalog } from '../changes/type-catalog.ts';
import type { ValueOptions } from '../changes/values/value-writer.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { rebuiltEvent } from './rebuilt-event.ts';
import { RelationShapes } from './relation-shapes.ts';
import { RowReaders } from './row-reader.ts';
import {
  NO_ROWS,
  type Rows,
  rowsOf,
  type TransformEvent,
  transformEvent,
} from './transform-event.ts';

/** What is to be sent of an event; null or nothing: none of it. */
export type TransformResult = TransformEvent | null | undefined | void;
export type TransformFunction = (
  event: TransformEvent,
) => TransformResult | Promise<TransformResult>;

type Transformed = WritableEvent | null;

/**
 * The event has to be on bytes of its own: those are read at any time until the answer, and go into
 * it. Throws, or rejects with, WalhookError `transform_failed`: the function failed, or gave what is no event.
 */
export function compileTransform(
  endpoint: string,
  transform: TransformFunction,
  catalog: TypeCatalog,
  values: ValueOptions,
): (event: WritableEvent) => Transformed | Promise<Transformed> {
  const readers = new RowReaders(catalog, values);
  const shapes = new RelationShapes();

  return (source) => {
    const rows = readRows(source, readers);
    const original = transformEvent(source, copied(rows), readers);

    function rebuild(given: unknown): Transformed {
      if (given === null || given === undefined) return null;
      return rebuiltEvent(source, original, given, readers, shapes, values);
    }
    function fail(error: unknown): never {
      const id = eventId(positionOf(source));
      const cause = error instanceof Error ? error.message : String(error);
      throw new WalhookError('transform_failed', `Endpoint ${endpoint}, event ${id}: ${cause}`, {
        detail: endpoint,
        cause: error,
      });
    }

    try {
      const given = transform({ ...original, ...rows, unchanged: [...original.unchanged] });
      if (!isPromise(given)) return rebuild(given);
      return Promise.resolve(given).then(rebuild).catch(fail);
    } catch (error) {
      return fail(error);
    }
  };
}

function readRows(event: WritableEvent, readers: RowReaders): Rows {
  if (event.op === 'truncate' || event.op === 'message') return NO_ROWS;
  return rowsOf(event, readers.of(event.relation));
}

/** One level deep: what the values were that cannot change in place. */
function copied({ key, before, after }: Rows): Rows {
  return {
    key: key === null ? null : { ...key },
    before: before === null ? null : { ...before },
    after: after === null ? null : { ...after },
  };
}

function isPromise<T>(given: T | Promise<T>): given is Promise<T> {
  return typeof given === 'object' && given !== null && 'then' in given;
}
