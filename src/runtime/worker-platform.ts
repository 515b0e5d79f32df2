import { systemClock } from '../clock/clock.ts';
import { openLocalRateLimit } from '../rate-limits/local-rate-limit.ts';
import { fetchClient } from '../sinks/http/fetch-client.ts';
import type { Platform } from './platform.ts';

/**
 * A Cloudflare Worker. Its sockets cannot be paused, so that a COPY could fill its memory: windows
 * come by a cursor. What is null or missing here, src/config/worker-config.ts refuses.
 */
export const workerPlatform: Platform = {
  clock: systemClock,
  transport: 'rows',
  createHttpClient: fetchClient,
  openRateLimit: (settings, { clock }) => openLocalRateLimit(settings, clock),
  createStdoutSink: null,
  createMailer: null,
};
