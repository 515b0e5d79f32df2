import { smtpMailer } from '../alerts/smtp-mailer.ts';
import { systemClock } from '../clock/clock.ts';
import { openRateLimit } from '../rate-limits/open-rate-limit.ts';
import { undiciClient } from '../sinks/http/undici-client.ts';
import { isClosedFromStart } from '../sinks/stdout/closed-descriptor.ts';
import { stdoutSink } from '../sinks/stdout/stdout-sink.ts';
import type { Platform } from './platform.ts';

export const nodePlatform: Platform = {
  clock: systemClock,
  transport: 'copy',
  createHttpClient: undiciClient,
  openRateLimit,
  createStdoutSink: () => stdoutSink(process.stdout, isClosedFromStart(1)),
  createMailer: smtpMailer,
};
