import { defineConfig, env } from 'walhook';

// The command line reads this file, too: npx walhook init, status, doctor.
export default defineConfig({
  // In a worker with a Hyperdrive binding, DATABASE_URL is that binding's.
  database: { url: env('DATABASE_URL') },
  drain: { deadlineMs: 25_000, maxRequests: 40 },
  endpoints: [
    {
      name: 'billing',
      type: 'http',
      url: env('BILLING_URL'),
      signing: { secrets: [env('BILLING_SECRET')] },
      filter: {
        tables: ['public.orders'],
        where: (event) => event.after?.['status'] === 'paid',
      },
    },
  ],
});
