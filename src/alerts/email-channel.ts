import type { Alert } from '../health/alerting/alert.ts';
import type { AlertChannel } from '../health/alerting/alert-channel.ts';
import { plainText, subjectLine } from './alert-text.ts';

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  /** The message that this one belongs under. */
  readonly inReplyTo: string | null;
};

/** How mail leaves this runtime. */
export interface Mailer {
  /** Rejects with the reason in words, soon after the signal aborts. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
}

export type EmailOptions = {
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly timeoutMs: number;
};

/** One mail an alert; those of one incident make one thread, and a repeated try has the same id. */
export function emailChannel(options: EmailOptions, mailer: Mailer): AlertChannel {
  const { name, from, to, timeoutMs } = options;
  const domain = /@([^\s>]+)>?$/.exec(from)?.[1] ?? 'walhook.invalid';
  const messageId = (id: string): string => `<${id.replaceAll(/[^\w~-]/g, '.')}@${domain}>`;
  const mailOf = (alert: Alert): Mail => ({
    from,
    to,
    subject: subjectLine(alert),
    text: plainText(alert),
    messageId: messageId(alert.id),
    inReplyTo: alert.id === alert.thread ? null : messageId(alert.thread),
  });
  return {
    name,
    timeoutMs,
    send: (alert, signal) => mailer.send(mailOf(alert), signal),
    close: () => Promise.resolve(),
  };
}
