import { emailChannel } from '../alerts/email-channel.ts';
import { webhookChannel } from '../alerts/webhook-channel.ts';
import type { ResolvedEmailAlert, ResolvedWebhookAlert } from '../config/alerts-schema.ts';
import type { Redact } from '../config/redact.ts';
import { proxyOf } from '../config/proxy-option.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { AlertChannel } from '../health/alerting/alert-channel.ts';
import { signatures, signingKey } from '../sinks/http/signature.ts';
import { VERSION } from '../version.ts';
import { maskingAnswers } from './masked-answers.ts';
import type { Platform } from './platform.ts';

/** Whoever is to be told. Throws config_invalid for a channel that this platform does not have. */
export function alertChannels(
  { alerts }: ResolvedConfig,
  anyPlatform: Platform,
  redact: Redact,
): AlertChannel[] {
  const platform = maskingAnswers(anyPlatform, redact);
  return alerts.map((alert, index) => {
    const name = `alerts[${index}] (${alert.type})`;
    switch (alert.type) {
      case 'email':
        return emailAlerts(name, alert, platform);
      case 'webhook':
        return webhookAlerts(name, alert, platform);
    }
  });
}

const SMTPS_PORT = 465;
const SUBMISSION_PORT = 587;

function emailAlerts(name: string, alert: ResolvedEmailAlert, { createMailer }: Platform) {
  if (createMailer === null) {
    throw new WalhookError('config_invalid', `${name}: mail cannot be sent from this platform.`, {
      detail: name,
      remedy: 'Use an alert of type webhook here, or drain from Node.',
    });
  }
  const { host, username, password, ca, from, to, timeoutMs, allowCleartextPassword } = alert;
  const port = alert.port ?? (alert.security === 'implicit' ? SMTPS_PORT : SUBMISSION_PORT);
  const security = alert.security ?? (port === SMTPS_PORT ? 'implicit' : 'starttls');
  const auth = username === undefined || password === undefined ? null : { username, password };
  const smtp = { host, port, security, auth, ca: ca ?? null, timeoutMs, allowCleartextPassword };
  const mailer = createMailer(smtp);
  return emailChannel({ name, from, to, timeoutMs }, mailer);
}

function webhookAlerts(name: string, alert: ResolvedWebhookAlert, platform: Platform) {
  const { url, headers, secrets, timeoutMs } = alert;
  const keys = secrets.map(signingKey);
  const sign =
    keys.length === 0
      ? null
      : (id: string, timestamp: number, body: Uint8Array) => signatures(keys, id, timestamp, body);
  const client = platform.createHttpClient(new URL(url), 1, proxyOf(alert));
  const userAgent = `walhook/${VERSION}`;
  return webhookChannel({ name, url, headers, timeoutMs, userAgent, sign }, client, platform.clock);
}
