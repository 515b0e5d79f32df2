// A drain for each GET that shows CRON_SECRET, which Vercel's cron jobs do.
import { createApp } from 'walhook';

// Below the function's maxDuration: a drain may take some seconds more.
const DEADLINE = '50s';

export async function GET(request) {
  const { fetch } = await createApp(null, { log: console });
  const url = new URL(`/drain?deadline=${DEADLINE}`, request.url);
  return fetch(new Request(url, { headers: request.headers }));
}

/** For callers that post: pg_net, GitHub Actions. */
export function POST(request) {
  return GET(request);
}
