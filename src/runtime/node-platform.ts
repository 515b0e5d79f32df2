import { systemClock } from '../clock/clock.ts';
import { undiciClient } from '../sinks/http/undici-client.ts';
import { stdoutSink } from '../sinks/stdout/stdout-sink.ts';
import type { Platform } from './endpoints.ts';

export const nodePlatform: Platform = {
  clock: systemClock,
  createHttpClient: undiciClient,
  createStdoutSink: () => stdoutSink(process.stdout),
};
