import { z } from 'zod';
import { httpEndpointSchema } from './http-endpoint-schema.ts';
import { stdoutEndpointSchema } from './stdout-endpoint-schema.ts';

export const endpointSchema = z.discriminatedUnion('type', [
  httpEndpointSchema,
  stdoutEndpointSchema,
]);

/** An endpoint after its defaults. */
export type ResolvedEndpoint = z.output<typeof endpointSchema>;
export type ResolvedHttpEndpoint = z.output<typeof httpEndpointSchema>;
