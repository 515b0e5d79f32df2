import { z } from 'zod';
import { hook0EndpointSchema } from './hook0-endpoint-schema.ts';
import { httpEndpointSchema } from './http-endpoint-schema.ts';
import { stdoutEndpointSchema } from './stdout-endpoint-schema.ts';

export const endpointSchema = z.discriminatedUnion('type', [
  httpEndpointSchema,
  hook0EndpointSchema,
  stdoutEndpointSchema,
]);

/** An endpoint after its defaults. */
export type ResolvedEndpoint = z.output<typeof endpointSchema>;
export type ResolvedHttpEndpoint = z.output<typeof httpEndpointSchema>;
export type ResolvedStdoutEndpoint = z.output<typeof stdoutEndpointSchema>;
export type ResolvedHook0Endpoint = z.output<typeof hook0EndpointSchema>;

/** Where its requests go; null where none do. */
export function addressOf(endpoint: ResolvedEndpoint): string | null {
  switch (endpoint.type) {
    case 'http':
      return endpoint.url;
    case 'hook0':
      return endpoint.apiUrl;
    case 'stdout':
      return null;
  }
}
