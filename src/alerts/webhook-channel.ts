import type { Clock } from '../clock/clock.ts';
import type { Alert } from '../health/alerting/alert.ts';
import type { AlertChannel } from '../health/alerting/alert-channel.ts';
import { endpointOf } from '../health/alerting/incident.ts';
import { subjectLine } from './alert-text.ts';
import { visibleLine } from '../quantities/visible-text.ts';

/** As much of an HTTP client as this takes. */
export interface WebhookClient {
  /** Rejects where no status came, with the reason in words and without the URL. */
  request(request: {
    readonly url: URL;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): Promise<{ readonly status: number; readonly body: string }>;
  close(): Promise<void>;
}

export type WebhookOptions = {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** `webhook-signature` of Standard Webhooks; null: nothing is signed. */
  readonly sign: ((id: string, timestampSeconds: number, body: Uint8Array) => string) | null;
};

/**
 * Posts an alert as JSON: its `text` is what Slack, Mattermost and the like show, the other fields are
 * for programs. @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export function webhookChannel(
  options: WebhookOptions,
  client: WebhookClient,
  clock: Clock,
): AlertChannel {
  const { name, headers, sign, timeoutMs, userAgent } = options;
  const url = new URL(options.url);
  return {
    name,
    timeoutMs,
    async send(alert, signal) {
      const timestamp = Math.floor(clock.now() / 1000);
      const body = new TextEncoder().encode(visibleLine(JSON.stringify(webhookBody(alert))));
      const answer = await client.request({
        url,
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'user-agent': userAgent,
          'idempotency-key': alert.id,
          'webhook-id': alert.id,
          'webhook-timestamp': String(timestamp),
          ...(sign === null ? {} : { 'webhook-signature': sign(alert.id, timestamp, body) }),
        },
        body,
        timeoutMs,
        signal,
      });
      if (answer.status < 200 || answer.status > 299) throw new Error(failure(answer));
    },
    close: () => client.close(),
  };
}

/** The fields are public. `type`, `timestamp`, `data` are those that Standard Webhooks recommends. */
function webhookBody(alert: Alert): object {
  const { kind, pipeline, incident, headline, means, toDo, runbook } = alert;
  const { rule, openedAt, resolvedAt, detail } = incident;
  return {
    text: slackText(alert),
    type: `incident.${kind}`,
    timestamp: (resolvedAt ?? openedAt).toISOString(),
    data: {
      pipeline,
      rule,
      endpoint: endpointOf(incident),
      headline,
      detail,
      opened_at: openedAt.toISOString(),
      resolved_at: resolvedAt?.toISOString() ?? null,
      means: means === '' ? null : means,
      to_do: toDo,
      runbook,
    },
  };
}

const SIGNS = {
  opened: ':red_circle:',
  reminder: ':red_circle:',
  recovered: ':large_green_circle:',
};

function slackText(alert: Alert): string {
  return [
    `${SIGNS[alert.kind]} *${escaped(subjectLine(alert))}*`,
    ...alert.particulars.map(([name, value]) => `${name}: ${escaped(visibleLine(value))}`),
    ...alert.toDo.map((step) => `• ${escaped(visibleLine(step))}`),
    ...(alert.toDo.length === 0 ? [] : [`Runbook: ${alert.runbook}`]),
  ].join('\n');
}

/**
 * What an endpoint answered must not call a whole channel (`<!channel>`).
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const REASON_CHARACTERS = 200;

function failure({ status, body }: { readonly status: number; readonly body: string }): string {
  const said = body.replaceAll(/\s+/g, ' ').trim().slice(0, REASON_CHARACTERS);
  return said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
}
