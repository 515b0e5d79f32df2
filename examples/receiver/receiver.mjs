import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const MAX_BYTES = 20_000_000;
const key = Buffer.from(process.env.WALHOOK_SIGNING_SECRET.replace('whsec_', ''), 'base64');
// Yours is a table, written in one transaction with whatever the event makes you do.
const seen = new Set();

createServer(async (request, response) => {
  // What ends early or cannot be handled comes again; no request may end the server.
  const status = await receive(request).catch(() => 500);
  response.writeHead(status).end();
}).listen(process.env.PORT ?? 3000);

async function receive(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BYTES) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!isGenuine(request.headers, body)) return 401;
  const parsed = JSON.parse(body.toString());
  // With batch.maxEvents: 1 the body is the event itself.
  for (const event of parsed.events ?? [parsed]) {
    if (seen.has(event.id)) continue;
    console.log(event.op, event.table, event.key, event.after);
    seen.add(event.id);
  }
  // Only now: what is answered with 2xx does not come again.
  return 204;
}

function isGenuine(headers, body) {
  const id = headers['webhook-id'];
  const timestamp = Number(headers['webhook-timestamp']);
  if (!(Math.abs(Date.now() / 1000 - timestamp) < 300)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .map((signature) => Buffer.from(signature.replace('v1,', ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
