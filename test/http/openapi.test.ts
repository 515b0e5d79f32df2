import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRefusingShop, type RefusingShop } from './refusing-shop.ts';
import { type Answered, type ServedApp, serveApp } from './served-app.ts';

type Operation = {
  readonly operationId: string;
  readonly requestBody?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Described>>;
  readonly security?: readonly unknown[];
};

type Described = { readonly content: Readonly<Record<string, { readonly schema: object }>> };

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

let app: ServedApp;
let shop: RefusingShop;
let document: Document;

beforeAll(async () => {
  shop = await openRefusingShop();
  app = await serveApp(shop.config);
  document = (await app.ask('/openapi.json')).json as Document;
});

test('the document is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

/** A call of each route whose answers, taken together, are all that the document knows but 500. */
const CALLS: Readonly<Record<string, () => Promise<Answered>>> = {
  'get /health': () => app.ask('/health'),
  'get /ready': () => app.ask('/ready'),
  'get /metrics': () => app.ask('/metrics'),
  'get /': () => app.ask('/'),
  'get /openapi.json': () => app.ask('/openapi.json'),
  'get /api/status': () => app.ask('/api/status'),
  'get /api/endpoints': () => app.ask('/api/endpoints'),
  'get /api/runs': () => app.ask('/api/runs?limit=5'),
  'get /api/dead-letters': () => app.ask('/api/dead-letters?endpoint=hooks&limit=2'),
  'get /api/dead-letters/{id}': () => app.ask(`/api/dead-letters/${shop.letters[0]}`),
  'post /api/endpoints/{name}/pause': () => app.post('/api/endpoints/hooks/pause', { park: true }),
  'post /api/endpoints/{name}/resume': () => app.post('/api/endpoints/hooks/resume', {}),
  'post /api/dead-letters/redrive': () => app.post('/api/dead-letters/redrive', { all: true }),
  'post /api/dead-letters/discard': () =>
    app.post('/api/dead-letters/discard', { ids: [shop.letters[0]] }),
  'get /api/skips': () => app.ask('/api/skips?limit=5'),
  'post /api/skips': async () => {
    // What was asked for before is answered as it is.
    await shop.database.query(
      `insert into walhook.skips values
         ($1, '0/10', '0/8', null, 7, '["public.orders"]', 'division by zero', 'x', 'me', now())`,
      [shop.config.pipeline],
    );
    return app.post('/api/skips', { to: '0/10', reason: 'sent by hand' });
  },
  'post /drain': () => app.post('/drain', { deadline: '20s' }),
  'get /drain': () => app.ask('/drain?deadline=20s'),
};

const GUARDED = Object.keys(CALLS).filter((name) => name !== 'get /health');

describe('every route in it', () => {
  test('is called below', () => {
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(CALLS).sort());
  });

  test.each(Object.keys(CALLS))('%s answers as it is described', async (name) => {
    const [method, path] = name.split(' ') as [string, string];
    const operation = document.paths[path]![method]!;
    const answer = await CALLS[name]!();
    expect(answer.status).toBe(200);
    expectDescribed(operation, answer);
  });

  test.each(GUARDED)('%s describes its problems', async (name) => {
    const [method, path] = name.split(' ') as [string, string];
    const operation = document.paths[path]![method]!;
    const target = path.replaceAll(/\{\w+\}/g, '0');
    const refused = await app.ask(target, { method, headers: { authorization: '' } });
    expect(refused.status).toBe(401);
    expectDescribed(operation, refused);
  });
});

test('it says that health is for everybody', () => {
  expect(document.paths['/health']!['get']!.security).toEqual([]);
});

test('what it says of requests is what is asked of them', async () => {
  const drain = document.paths['/drain']!['post']!;
  expect(drain.parameters).toMatchObject([
    { name: 'deadline', in: 'query', required: false, schema: { type: 'string' } },
    { name: 'maxChanges', in: 'query', required: false, schema: { type: 'string' } },
  ]);
  expect(drain.requestBody).toMatchObject({
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { deadline: { type: 'string' }, maxChanges: { type: 'integer' } },
          additionalProperties: false,
        },
      },
    },
  });
  const pause = document.paths['/api/endpoints/{name}/pause']!['post']!;
  expect(pause.parameters).toMatchObject([{ name: 'name', in: 'path', required: true }]);
});

test('where no token is configured, it says that none is needed', async () => {
  const open = await serveApp(shop.config, []);
  const { json } = await open.ask('/openapi.json', { headers: { authorization: '' } });
  expect(json['security']).toEqual([]);
  await open.close();
});

/** An answer is one that the document knows, of the media type and the shape that it says. */
function expectDescribed(operation: Operation, answer: Answered): void {
  const described = operation.responses[answer.status] ?? operation.responses['default']!;
  const mediaType = answer.headers.get('content-type')!.split(';')[0]!;
  expect(Object.keys(described.content)).toEqual([mediaType]);
  if (!mediaType.includes('json')) return;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile({
    ...described.content[mediaType]!.schema,
    components: document.components,
  });
  validate(answer.json);
  expect(validate.errors).toBeNull();
}
