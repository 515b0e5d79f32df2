import { createHandler, defineConfig, env } from 'walhook/lambda';

const config = defineConfig({
  database: { url: env('DATABASE_URL') },
  slot: env('SLOT_NAME'),
  endpoints: [
    {
      name: 'orders',
      type: 'http',
      url: env('ENDPOINT'),
      ordering: 'strict',
      batch: { maxEvents: 1000 },
      retry: { attempts: 3, minDelayMs: 1 },
    },
  ],
  http: { tokens: [env('TOKEN')] },
});

export const handler = createHandler(config);
export const tolerant = createHandler(config, { failOnHeld: false });
