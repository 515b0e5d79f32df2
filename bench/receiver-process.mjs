// Answers and counts, by path; ends with the bench. The path says how:
//
//   /…             204 at once
//   /wait/20/…     204 after 20 ms
//   /status/503/…  that status
//   /hang/…        never
//   /age/…         204 at once, noting how long ago each event was committed
import { createServer } from 'node:http';

/**
 * What came to each path: `{ requests, bytes, lastAt, ages }`, times in milliseconds since the epoch,
 * ages in milliseconds.
 */
const received = new Map();

const server = createServer((request, response) => {
  const counts = received.get(request.url) ?? { requests: 0, bytes: 0, lastAt: 0, ages: [] };
  received.set(request.url, counts);
  const chunks = request.url.startsWith('/age/') ? [] : null;
  request.on('data', (chunk) => {
    counts.bytes += chunk.length;
    chunks?.push(chunk);
  });
  request.on('end', () => {
    counts.requests += 1;
    counts.lastAt = performance.timeOrigin + performance.now();
    if (chunks !== null) noteAges(counts, Buffer.concat(chunks).toString());
    answer(request.url, response);
  });
});

function noteAges(counts, body) {
  for (const [, at] of body.matchAll(/"committed_at":"([^"]+)"/g)) {
    counts.ages.push(counts.lastAt - Date.parse(at));
  }
}

function answer(path, response) {
  const [, how, much] = path.split('/');
  if (how === 'hang') return;
  const end = () => response.writeHead(how === 'status' ? Number(much) : 204).end();
  if (how === 'wait') setTimeout(end, Number(much));
  else end();
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', () => process.send(Object.fromEntries(received)));
process.on('disconnect', () => process.exit());
