import { beforeAll, describe, expect, test } from 'vitest';
import { serveApp, type ServedApp } from '../http/served-app.ts';
import { createPipeline } from '../support/pipeline.ts';
import { tableRows } from './markdown.ts';

const page = 'docs/http-api.md';

let app: ServedApp;

beforeAll(async () => {
  const endpoints = [{ name: 'hooks', type: 'http', url: 'http://127.0.0.1:9/' }] as const;
  const { config, drain } = await createPipeline({ endpoints: [...endpoints] });
  await drain();
  app = await serveApp(config);
});

describe('docs/http-api.md', () => {
  test('names every route, and none besides', async () => {
    const { json } = await app.ask('/openapi.json');
    const routes = Object.entries(json['paths'] as object).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const described = tableRows(page, 'route', 'does').map(([route]) => route);
    expect(described.sort()).toEqual(routes.sort());
  });

  test('says the status of each report', () => {
    const described = tableRows(page, 'status', 'report').map(([status, report]) => [
      report,
      status,
    ]);
    expect(Object.fromEntries(described)).toEqual({
      caught_up: '200',
      deadline: '202',
      busy: '409',
      held: '503',
      failed: '500',
    });
  });
});
