import { z } from 'zod';
import type { DrainLog } from '../drain/ports.ts';
import { type Input, type InputSchemas, parseInput, type RawInput } from './input.ts';
import type { Reply } from './reply.ts';

/** What the document says of an answer; without a schema it is text of that media type. */
export type AnswerNote = { readonly description: string } & (
  { readonly schema: z.ZodType } | { readonly mediaType: string }
);

type About = {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/api/endpoints/{name}/pause`. */
  readonly path: string;
  /** Its name in the document, and in clients made from that. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Of a GET that is more than a look, so that there is no HEAD beside it. */
  readonly acts?: true;
  /** Of one that machines ask, whose addresses carry what somebody put there against a cache. */
  readonly ignoresQuery?: true;
  /** Where it differs from all the others': which of the schemes of the document let one in. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  /** By status, beside the problems that every route may answer. */
  readonly answers: Readonly<Record<number, AnswerNote>>;
};

type Call = { readonly log: DrainLog };

export type Route = About &
  InputSchemas<z.ZodType, z.ZodType, z.ZodType> & {
    /** Throws request_invalid, and what the operation throws. */
    readonly respond: (raw: RawInput, call: Call) => Promise<Reply>;
  };

export const nothing = z.strictObject({});

/** A route of what it says about itself and what it does, with its input checked in between. */
export function route<
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof nothing,
>(
  about: About & Partial<InputSchemas<P, Q, B>>,
  handle: (input: Input<P, Q, B> & Call) => Promise<Reply>,
): Route {
  const { params, query, body, ignoresQuery } = about;
  const schemas = { params: params ?? nothing, query: query ?? nothing, body: body ?? nothing };
  return {
    ...about,
    ...schemas,
    respond: (asked, call) => {
      const raw = ignoresQuery ? { ...asked, query: new URLSearchParams() } : asked;
      // What was left out is `nothing`, which is what its type stands for then.
      const input = parseInput(schemas as InputSchemas<P, Q, B>, raw);
      return handle({ ...input, ...call });
    },
  };
}
