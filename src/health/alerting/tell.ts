import { type Alert, writeAlert } from './alert.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { PipelineFacts } from '../facts.ts';
import type { AlertRules } from './incident.ts';
import type { ClaimedMessage, IncidentStore } from './incident-store.ts';
import { judge } from './judge.ts';

export interface AlertLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

export type TellOptions = {
  readonly store: IncidentStore;
  readonly channels: readonly AlertChannel[];
  readonly rules: AlertRules;
  /** How long an incident is remembered after its end. */
  readonly keepMs: number;
  readonly log: AlertLog;
  readonly redact: (text: string) => string;
};

/**
 * Judges the facts, notes what is wrong, and tells everybody who is owed a message. A message that
 * cannot be sent is noted and due again the next time; that is no error. Rejects only where the store
 * does.
 */
export async function tellOfIncidents(facts: PipelineFacts, options: TellOptions): Promise<void> {
  const { store, channels, rules, keepMs } = options;
  const { pipeline } = facts;
  const at = new Date(facts.at);
  const { raised, resolved } = judge(facts, rules, await store.listOpen(pipeline));
  const masked = <T extends { readonly detail: string }>(seen: readonly T[]): T[] =>
    seen.map((each) => ({ ...each, detail: options.redact(each.detail) }));
  await store.observe({ pipeline, at, raised: masked(raised), resolved: masked(resolved), keepMs });
  const messages = await store.claimMessages({
    pipeline,
    at,
    due: raised.filter(({ due }) => due),
    channels: channels.map(({ name }) => name),
    remindMs: rules.remindMs,
  });
  if (messages.length === 0) return;

  const alerts = messages.map((message) => ({
    message,
    alert: writeAlert(message, facts, rules.remindMs),
  }));
  const failures = await Promise.all(channels.map((channel) => sendAll(channel, alerts, options)));
  for (const { message } of alerts) {
    const ofMessage = channels.flatMap(({ name }, index) => {
      const reason = failures[index]?.get(message);
      return reason === undefined ? [] : [[name, reason] as const];
    });
    await store.settleMessage(message, Object.fromEntries(ofMessage));
  }
}

type Written = { readonly message: ClaimedMessage; readonly alert: Alert };

/** Sends what this channel is owed, one after the other; what did not go out, and why. */
async function sendAll(
  channel: AlertChannel,
  alerts: readonly Written[],
  { log, redact }: TellOptions,
): Promise<ReadonlyMap<ClaimedMessage, string>> {
  const failures = new Map<ClaimedMessage, string>();
  const signal = AbortSignal.timeout(channel.timeoutMs);
  for (const { message, alert } of alerts) {
    if (!message.owed.includes(channel.name)) continue;
    const fields = { alert: alert.headline, channel: channel.name, attempt: message.attempt };
    const reason = await reasonOf(() => channel.send(alert, signal), signal, channel.timeoutMs);
    if (reason === null) {
      log.info('alert sent', fields);
    } else {
      failures.set(message, redact(reason));
      log.warn('an alert could not be sent; the next drain tries again', { ...fields, reason });
    }
  }
  return failures;
}

/** Why it did not go out, or null where it did. */
async function reasonOf(
  send: () => Promise<void>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<string | null> {
  if (signal.aborted) return `no time was left of ${timeoutMs} ms`;
  try {
    await send();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
