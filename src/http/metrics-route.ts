import type { HttpTools } from './http-tools.ts';
import { route, type Route } from './route.ts';

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsRoute({ renderMetrics }: HttpTools): Route {
  return route(
    {
      method: 'get',
      path: '/metrics',
      id: 'readMetrics',
      summary: 'Metrics for Prometheus',
      ignoresQuery: true,
      description: 'From the state tables: any instance answers for all.',
      answers: { 200: { description: 'The text format 0.0.4.', mediaType: 'text/plain' } },
    },
    async () => ({ status: 200, text: await renderMetrics(), contentType: EXPOSITION }),
  );
}
