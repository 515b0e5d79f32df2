import type { Mailer } from '../alerts/email-channel.ts';
import type { SmtpOptions } from '../alerts/smtp-options.ts';
import type { Clock } from '../clock/clock.ts';
import type { RateLimit } from '../delivery/rate-limit.ts';
import type { Sink } from '../delivery/sink.ts';
import type { Transport } from '../postgres/window-reader.ts';
import type { RateLimitEnvironment, RateLimitSettings } from '../rate-limits/open-rate-limit.ts';
import type { HttpClient } from '../sinks/http/http-client.ts';

/** What differs between the places walhook runs in. */
export type Platform = {
  readonly clock: Clock;
  /** How windows come over this platform's sockets, where the configuration leaves it open. */
  readonly transport: Transport;
  /** Kept-alive connections to one origin; `proxy`: through it, where the platform can. */
  readonly createHttpClient: (origin: URL, connections: number, proxy: URL | null) => HttpClient;
  readonly openRateLimit: (
    settings: RateLimitSettings | undefined,
    env: RateLimitEnvironment,
  ) => Promise<RateLimit>;
  /** null: nothing can be printed here. */
  readonly createStdoutSink: (() => Sink) | null;
  /** null: mail cannot be sent from here. */
  readonly createMailer: ((options: SmtpOptions) => Mailer) | null;
};
