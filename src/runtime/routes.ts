import type { TypeCatalog } from '../changes/type-catalog.ts';
import type {
  ResolvedEndpoint,
  ResolvedHttpEndpoint,
  ResolvedStdoutEndpoint,
} from '../config/endpoint-schema.ts';
import type { OutboxReader } from '../formats/outbox-event.ts';
import type { RowOptions } from '../formats/row-json.ts';
import { compileColumnPolicy } from '../routing/column-policy.ts';
import { compileOutbox } from '../routing/outbox.ts';
import { type CreateRoute, createRoute } from '../routing/route.ts';

export function routeOf(endpoint: ResolvedEndpoint): CreateRoute {
  const { name, values, filter, transform } = endpoint;
  const outbox = endpoint.type === 'hook0' ? undefined : endpoint.outbox;
  return (catalog) => createRoute({ endpoint: name, values, filter, transform, outbox }, catalog);
}

/** How the endpoint's rows are written. */
export function rowOptionsOf({ values, columns }: ResolvedEndpoint): RowOptions {
  return { values, columns: compileColumnPolicy(columns) };
}

/** null for an endpoint without an outbox. */
export function outboxReaderOf(
  { name, outbox, values }: ResolvedHttpEndpoint | ResolvedStdoutEndpoint,
  catalog: TypeCatalog,
): OutboxReader | null {
  return outbox === undefined ? null : compileOutbox(name, outbox, catalog, values).read;
}

/** Names of the headers that every request to the endpoint has, in lower case. */
export function headersOf(
  endpoint: ResolvedHttpEndpoint | ResolvedStdoutEndpoint,
): ReadonlySet<string> {
  if (endpoint.type === 'stdout') return new Set();
  const names = Object.keys(endpoint.headers);
  if (endpoint.auth?.type === 'header') names.push(endpoint.auth.name);
  return new Set(names.map((name) => name.toLowerCase()));
}
