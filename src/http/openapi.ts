import { z } from 'zod';
import { VERSION } from '../version.ts';
import { answerSchemas } from './answer-schemas.ts';
import { problemSchema } from './problem.ts';
import type { HttpTools } from './http-tools.ts';
import { type AnswerNote, route, type Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const openApiSchema = z
  .looseObject({ openapi: z.string() })
  .register(answerSchemas, { id: 'OpenApi' });

/** Serves the description of all routes, itself among them. */
export function openApiRoute(others: readonly Route[], { tokens }: HttpTools): Route {
  const self: Route = route(
    {
      method: 'get',
      path: '/openapi.json',
      id: 'readOpenApi',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: openApiSchema } },
    },
    async () => ({ status: 200, json: describeRoutes([...others, self], tokens.length > 0) }),
  );
  return self;
}

/** @see https://spec.openapis.org/oas/v3.1.0 */
function describeRoutes(routes: readonly Route[], needsToken: boolean): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const each of routes) {
    paths[each.path] = { ...paths[each.path], [each.method]: describeRoute(each) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'walhook',
      version: VERSION,
      description: 'Drains a Postgres logical replication slot to webhooks, and looks after it.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: needsToken ? [{ bearer: [] }] : [],
    paths,
    components: {
      schemas: describeAnswers(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'WALHOOK_TOKEN, or CRON_SECRET.' },
        basic: { type: 'http', scheme: 'basic', description: 'The token as the password.' },
      },
    },
  };
}

function describeRoute(each: Route): Json {
  const { id, summary, description, method, body } = each;
  const parameters = [
    ...parametersOf('path', each.params, true),
    ...parametersOf('query', each.query, false),
  ];
  const hasBody = method === 'post' && Object.keys(propertiesOf(body)).length > 0;
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody
      ? { requestBody: { content: { 'application/json': { schema: inputSchema(body) } } } }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(each.answers).map(([status, note]) => [status, describeAnswer(note)]),
      ),
      default: {
        description: 'Anything else: a problem (RFC 9457).',
        content: { 'application/problem+json': { schema: referenceTo(problemSchema) } },
      },
    },
    ...(each.security === undefined ? {} : { security: each.security }),
  };
}

function describeAnswer(note: AnswerNote): Json {
  const content =
    'schema' in note
      ? { 'application/json': { schema: referenceTo(note.schema) } }
      : { [note.mediaType]: { schema: { type: 'string' } } };
  return { description: note.description, content };
}

function referenceTo(schema: z.ZodType): Json {
  return { $ref: nameOf(answerSchemas.get(schema)!.id) };
}

function nameOf(id: string): string {
  return `#/components/schemas/${id}`;
}

/** A later version may add fields, so that nobody should refuse those he does not know. */
function describeAnswers(): Json {
  const { schemas } = z.toJSONSchema(answerSchemas, {
    uri: nameOf,
    override: ({ jsonSchema }) => void delete jsonSchema.additionalProperties,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]),
  );
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType, required: boolean): Json[] {
  return Object.entries(propertiesOf(schema)).map(([name, property]) => {
    const { description, ...rest } = property;
    return { name, in: place, required, description, schema: rest };
  });
}

function propertiesOf(schema: z.ZodType): Readonly<Record<string, Json>> {
  const { properties } = inputSchema(schema);
  return { ...(properties as Record<string, Json> | undefined) };
}

function inputSchema(schema: z.ZodType): Json {
  return withoutDialect(z.toJSONSchema(schema, { io: 'input' }));
}

/** OpenAPI 3.1 says for all its schemas that they are JSON Schema 2020-12. */
function withoutDialect(schema: object): Json {
  return Object.fromEntries(
    Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'),
  );
}
