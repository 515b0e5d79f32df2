import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { uuidV5 } from '../../src/formats/uuid-v5.ts';
import type { Delivery, Outcome, Sink } from '../../src/delivery/sink.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';
import { hook0Sink, type Hook0SinkOptions } from '../../src/sinks/hook0/hook0-sink.ts';
import { FakeClock } from './fake-clock.ts';
import { hook0Application as application } from './hook0-pipeline.ts';
import { type Hook0Options, type Hook0Server, startHook0Server } from './hook0-server.ts';

export const never = new AbortController().signal;

export type Hook0SinkSetup = {
  readonly hook0: Hook0Server;
  readonly sink: Sink;
  send(fields?: Readonly<Record<string, unknown>>): Promise<Outcome>;
};

/** A sink, and the Hook0 that it speaks to. */
export async function setUpHook0Sink(
  options: Partial<Hook0Options> = {},
  sinkOptions: Partial<Hook0SinkOptions> = {},
): Promise<Hook0SinkSetup> {
  const hook0 = await startHook0Server({ applications: [application], ...options });
  const sink = hook0Sink(
    {
      baseUrl: `${hook0.url}/api/v1`,
      token: application.token,
      applicationId: application.id,
      registerEventTypes: true,
      timeoutMs: 5_000,
      attempts: 3,
      idOf: (name) => uuidV5(application.id, name),
      ...sinkOptions,
    },
    undiciClient(new URL(hook0.url), 4),
    new FakeClock(),
  );
  onTestFinished(() => sink.close());
  return { hook0, sink, send: (fields) => sink.send(hook0Delivery(fields), never) };
}

/** An event that Hook0 takes, but for these fields. */
export function hook0Delivery(fields: Readonly<Record<string, unknown>> = {}): Delivery {
  const { payload = '{"n":1}', ...head } = fields;
  const event = {
    application_id: application.id,
    event_type: 'shop.orders.insert',
    payload_content_type: 'application/json',
    labels: { table: 'orders' },
    event_id: randomUUID(),
    occurred_at: '2026-01-31T12:00:00.123456Z',
    ...head,
    payload,
  };
  const body = Buffer.from(JSON.stringify(event));
  const id = String(event.event_id);
  return { id, contentType: 'application/json', body, eventCount: 1, headers: {} };
}
