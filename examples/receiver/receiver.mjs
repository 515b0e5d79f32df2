import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const key = Buffer.from(process.env.WALHOOK_SIGNING_SECRET.replace('whsec_', ''), 'base64');
// Yours is a table, written in one transaction with whatever the event makes you do.
const seen = new Set();

createServer(async (request, response) => {
  const body = await buffer(request);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  for (const event of JSON.parse(body.toString()).events) {
    if (seen.has(event.id)) continue;
    console.log(event.op, event.table, event.key, event.after);
    seen.add(event.id);
  }
  // Only now: what is answered with 2xx does not come again.
  response.writeHead(204).end();
}).listen(process.env.PORT ?? 3000);

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
