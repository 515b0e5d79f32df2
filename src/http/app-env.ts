import type { DrainLog } from '../drain/ports.ts';

/** What is known of each request in the app. */
export type AppEnv = {
  Variables: {
    requestId: string;
    /** Says the request's id with every line. */
    log: DrainLog;
  };
};
